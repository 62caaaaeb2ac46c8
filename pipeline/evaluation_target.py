"""Finds what `visage evaluate` measures: a model on a split, or a file of predictions.

TensorFlow is imported only when a model predicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.ready import taken_ready_model
from visage.errors import VisageError
from visage.ready_model.names import READY

if TYPE_CHECKING:
    from visage.evaluation.evaluation import Evaluation
    from visage.evaluation.gates.gate import Comparison
    from visage.evaluation.predictions.table import PredictionTable
    from visage.saved_model.metadata import TrainingProvenance

_FILES = (".csv", ".parquet")
_DEFAULT_SPLIT = "test"


class Target(Protocol):
    """What is measured."""

    @property
    def no_evidence(self) -> str | None:
        """Returns one line why the figures are no evidence; None: they are."""

    def trainings(self) -> Sequence[TrainingProvenance] | None:
        """Returns the trainings of the model; None: they are unknown, as those of other systems."""

    def independence_unknown(self) -> Mapping[Comparison, str]:
        """Returns why nobody knows whether the baseline was trained on the records; empty where that is known."""

    def table(self) -> PredictionTable:
        """Returns the predictions, with those of the baseline where there is one.

        Raises:
            VisageError: they cannot be read, or the baseline predicts other records.
        """

    def card(self, evaluation: Evaluation) -> dict[str, Any]:
        """Returns the content of the model card."""

    def faces(self, evaluation: Evaluation) -> dict[str, str] | None:
        """Returns the images of the card as data URIs by key; None: there are no images at hand."""


def find_target(target: Path, examples: Path | None, split: str | None, baseline: Path | None) -> Target:
    """Returns what the user named.

    Args:
        target: a SavedModel, the folder of its versions, or a file of predictions.
        examples: folder of FaceExampleGen's examples; None: of a model, those of the run that trained it.
        split: of the examples; None: the test split.
        baseline: a model or a file of predictions to compare with; None: nothing.

    Raises:
        VisageError: there is no model, an option does not fit the target, or the baseline may know the split's faces.
    """
    if _is_file(target):
        for option, value in (("--data", examples), ("--split", split)):
            if value is not None:
                raise VisageError(f"{option}: {target} holds labels of its own; leave the option out")
        if baseline is not None and not _is_file(baseline):
            raise VisageError(
                f"--baseline {baseline}: {target} holds no images that a model could predict; give a file of "
                "predictions, or measure the model with this file as its baseline"
            )
        return PredictionsFile(target, baseline)
    if str(target) == READY and examples is None:
        raise VisageError(
            f"MODEL: {READY}: no run here trained it, so it has no test faces; name examples by --data, such as "
            "WORKSPACE/PIPELINE/artifacts/FaceExampleGen/examples/NUMBER"
        )
    model, split = _find_model(target, "MODEL"), split or _DEFAULT_SPLIT
    if baseline is not None and not _is_file(baseline):
        from visage.saved_model.comparable import why_not_comparable

        other = _find_model(baseline, "--baseline")
        why = why_not_comparable(model, other, split)
        if why is not None:
            raise VisageError(f"--baseline {baseline}: {why}; name another model, or another split")
        baseline = other
    return ModelOnSplit(model, examples, split, baseline)


@dataclass(frozen=True)
class PredictionsFile:
    """The predictions of any system, with their labels.

    Attributes:
        file: CSV or Parquet.
        baseline: the same of another system; None: there is none.
    """

    file: Path
    baseline: Path | None

    @property
    def no_evidence(self) -> None:
        """Returns None: what the system learned from is not known."""

    def trainings(self) -> None:
        """Returns None, for the same reason."""

    def independence_unknown(self) -> Mapping[Comparison, str]:
        """Returns nothing: no other system records what it was trained on."""
        return {}

    def table(self) -> PredictionTable:
        """Returns the predictions, as `Target.table`."""
        from visage.evaluation.predictions.external import read_external

        table = read_external(self.file)
        return table if self.baseline is None else _with_file(table, self.baseline)

    def card(self, evaluation: Evaluation) -> dict[str, Any]:
        """Returns the content of the card."""
        from visage.model_card.evaluated import card_of_predictions

        return card_of_predictions(self.file, evaluation, self.baseline)

    def faces(self, evaluation: Evaluation) -> None:
        """Returns None: the file holds no images."""


@dataclass(frozen=True)
class ModelOnSplit:
    """A model and the records that it predicts.

    Attributes:
        model: folder of the SavedModel.
        named_examples: folder of the examples; None: those of the run that trained it.
        split: of the examples.
        baseline: folder of another SavedModel, or a file of predictions for the same records; None: there is none.
    """

    model: Path
    named_examples: Path | None
    split: str
    baseline: Path | None

    @cached_property
    def _examples(self) -> Path:
        if self.named_examples is not None:
            return self.named_examples
        from pipeline.metadata.training_examples import trained_on

        return trained_on(self.model)

    @property
    def _learned_examples(self) -> Path | None:
        """Returns the folder of the examples that the model was trained on; None: it is not known."""
        if self.named_examples is None:
            return self._examples
        from pipeline.metadata.training_examples import trained_on

        # A model from elsewhere can be measured where --data names the examples.
        with suppress(VisageError):
            return trained_on(self.model)
        return None

    @cached_property
    def no_evidence(self) -> str | None:
        """Returns why the figures are no evidence, as `Target.no_evidence`."""
        from visage.saved_model.known_records import why_no_evidence

        return why_no_evidence(self.model, self.split, self._examples, self._learned_examples)

    def trainings(self) -> Sequence[TrainingProvenance] | None:
        """Returns the trainings of the model, as `Target.trainings`."""
        from visage.saved_model.provenance import read_provenance

        return read_provenance(self.model)

    def independence_unknown(self) -> Mapping[Comparison, str]:
        """Returns what is not known of a model as baseline, as `Target.independence_unknown`."""
        if self.baseline is None or _is_file(self.baseline):
            return {}
        from visage.saved_model.comparable import why_independence_unknown

        why = why_independence_unknown(self.model, self.baseline)
        return {} if why is None else {"baseline": why}

    def table(self) -> PredictionTable:
        """Returns the predictions, as `Target.table`."""
        from visage.data.examples import read_serialized
        from visage.evaluation.predictions.table import BASELINE, CANDIDATE
        from visage.prediction.examples import ExamplesModel, predict_examples

        records = read_serialized(self._examples, self.split)
        models = {CANDIDATE: ExamplesModel(self.model)}
        if self.baseline is not None and not _is_file(self.baseline):
            models[BASELINE] = ExamplesModel(self.baseline)
        table = predict_examples(records, models).in_order_of_keys()
        return table if self.baseline is None or BASELINE in models else _with_file(table, self.baseline)

    def card(self, evaluation: Evaluation) -> dict[str, Any]:
        """Returns the content of the card."""
        from visage.model_card.evaluated import card_of_model

        return card_of_model(self.model, self._examples, self.split, evaluation, self.baseline, self.no_evidence)

    def faces(self, evaluation: Evaluation) -> dict[str, str]:
        """Returns the images of the worst and the typical errors."""
        from visage.data.examples import read_serialized
        from visage.model_card.faces import thumbnails

        return thumbnails(read_serialized(self._examples, self.split), evaluation.breakdown.faces)


def _find_model(named: Path, option: str) -> Path:
    """Returns the SavedModel that the user named, also the ready model, of which one line says whose it is.

    Args:
        named: the value of `option`.
        option: the name of the command's option or argument.

    Raises:
        VisageError: there is none.
    """
    from visage.prediction.loaded_model import find_model

    if str(named) == READY:
        return taken_ready_model(option, why=option)
    return find_model(named).resolve()


def _is_file(path: Path) -> bool:
    """Returns whether a path names a file of predictions.

    Raises:
        VisageError: it is a file of another kind.
    """
    if path.suffix.lower() in _FILES:
        return True
    if path.is_file():
        endings = " or ".join(_FILES)
        raise VisageError(f"{path}: its name does not end in {endings}; give a CSV or Parquet file, or a model")
    return False


def _with_file(table: PredictionTable, baseline: Path) -> PredictionTable:
    from visage.evaluation.predictions.external import read_external
    from visage.evaluation.predictions.paired import with_baseline

    return with_baseline(table, read_external(baseline), f"--baseline {baseline}")
