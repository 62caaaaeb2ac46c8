"""Times the Evaluator against a plain loop that predicts the same faces."""

import itertools
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation

from benchmarks.cost import Cost, now
from components.evaluator.component import Evaluator
from visage.data.tfrecords import read_all, write_record
from visage.evaluation.settings import EvaluatorSettings
from visage.prediction.examples import BATCH, ExamplesModel
from visage.prediction.loaded_model import find_model

_FILES = 8


@dataclass(frozen=True)
class Speed:
    """The cost of an evaluation.

    Attributes:
        faces: number of them.
        evaluator: cost of the whole node.
        loop: cost of predicting the same records in the same batches, without anything else.
        memory_mb: the most memory of the process.
    """

    faces: int
    evaluator: Cost
    loop: Cost
    memory_mb: float

    @property
    def network_fraction(self) -> float:
        """Returns the fraction, 0..1, of the Evaluator's CPU time that the network takes."""
        return self.loop.cpu / self.evaluator.cpu

    @property
    def met(self) -> bool:
        """Returns whether at least 80 % of the time is the network's."""
        return self.network_fraction >= 0.8


def measure_speed(model: Path, examples: Path, faces: int) -> Speed:
    """Evaluates a pushed model on `faces` records of a test split, repeated as often as needed.

    Args:
        model: a pushed model, or the folder of its versions.
        examples: what FaceExampleGen wrote, with a test split.
        faces: number of records.

    Raises:
        VisageError: there is no model.
    """
    saved_model = find_model(model).resolve()
    split = sorted((examples / "Split-test").glob("*.gz"))
    records = list(itertools.islice(itertools.cycle([one for file in split for one in read_all(file)]), faces))
    with tempfile.TemporaryDirectory(prefix="visage-evaluation-") as folder:
        root = Path(folder)
        _write(root / "examples" / "Split-test", records)
        (root / "model").mkdir()
        (root / "model" / "Format-Serving").symlink_to(saved_model)
        before = now()
        _evaluate(root)
        evaluator = now() - before
        before = now()
        network = ExamplesModel(saved_model)
        for start in range(0, faces, BATCH):
            network.predict(records[start : start + BATCH])
        loop = now() - before
    return Speed(faces, evaluator, loop, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def _write(folder: Path, records: list[bytes]) -> None:
    import gzip

    folder.mkdir(parents=True)
    for number in range(_FILES):
        with gzip.open(folder / f"data_tfrecord-{number:05d}.gz", "wb", compresslevel=1) as file:
            for record in records[number::_FILES]:
                write_record(file, record)


def _evaluate(root: Path) -> None:
    settings = EvaluatorSettings(
        age_mae_max=99, gender_accuracy_min=0, slices=["gender", "age_group", "race", "source"]
    )
    component = Evaluator(Channel(Examples), Channel(Model), settings, Channel(Model))
    examples = _artifact(Examples, root / "examples")
    examples.split_names = '["test"]'
    component.executor_spec.executor_class().Do(
        {"examples": [examples], "model": [_artifact(Model, root / "model")], "baseline_model": []},
        {
            "evaluation": [_artifact(ModelEvaluation, root / "evaluation")],
            "blessing": [_artifact(ModelBlessing, root / "blessing")],
        },
        component.exec_properties,
    )


def _artifact(kind: type[Artifact], uri: Path) -> Artifact:
    artifact = kind()
    artifact.uri = str(uri)
    artifact.id = 1
    return artifact
