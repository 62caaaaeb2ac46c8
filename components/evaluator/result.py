"""The result of an evaluation in plain numbers, for the command line, the model card and the lineage."""

from dataclasses import asdict, dataclass
from typing import Any

from components.evaluator.gates import Gate, read_gates
from components.evaluator.slices import OVERALL, SliceMetrics, read_slices
from visage.folder_alias import folder_alias


@dataclass(frozen=True)
class Evaluation:
    """The result of one run of the Evaluator.

    Attributes:
        blessed: whether every gate passed.
        overall: metrics on all test records.
        slices: metrics on each group, in the order of the settings.
        gates: one for each limit.
        baseline: metrics of the blessed model on the same records; None without one.
    """

    blessed: bool
    overall: SliceMetrics
    slices: list[SliceMetrics]
    gates: list[Gate]
    baseline: SliceMetrics | None

    def to_json(self) -> dict[str, Any]:
        """Returns the evaluation as the JSON of the model card holds it."""
        return {
            "blessed": self.blessed,
            "overall": self.overall.to_json(),
            "slices": [metrics.to_json() for metrics in self.slices],
            "gates": [asdict(gate) for gate in self.gates],
            "baseline": self.baseline and self.baseline.to_json(),
        }


def read_evaluation(uri: str) -> Evaluation:
    """Reads the output of TFX's Evaluator.

    Imports TFMA, which takes about ten seconds the first time.

    Args:
        uri: URI of the `ModelEvaluation` artifact.
    """
    import tensorflow_model_analysis as tfma

    with folder_alias(uri) as folder:
        config = tfma.load_eval_result(folder).config
        validation = tfma.load_validation_result(folder)
    model_names = {spec.is_baseline: spec.name for spec in config.model_specs}
    candidate = read_slices(uri, model_names[False])
    baseline = read_slices(uri, model_names[True]) if True in model_names else {}
    return Evaluation(
        blessed=validation.validation_ok,
        overall=candidate.get(OVERALL, SliceMetrics()),
        slices=[metrics for name, metrics in candidate.items() if name != OVERALL],
        gates=read_gates(config, validation, candidate, baseline),
        baseline=baseline.get(OVERALL),
    )
