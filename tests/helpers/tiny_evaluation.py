"""Runs the Evaluator, as the pipeline sets it up, on a model and records of `tiny_model`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation

from components.evaluator.component import Evaluator
from components.evaluator.driver import WAIVERS
from tests.helpers.tiny_model import save_model, write_examples
from visage.data.records import FaceRecord
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, read_evaluation
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.waivers import Waiver

_ids = count(1)


@dataclass
class Errors:
    """A model's errors: in years, and in how many of ten genders, unless it predicts the age alone."""

    age_error: float = 2.0
    wrong_in_ten: int = 1
    predicts_gender: bool = True


@dataclass
class Outcome:
    """The output of the Evaluator."""

    model: Artifact
    evaluation: Artifact
    blessing: Artifact

    @property
    def blessed(self) -> bool:
        return self.blessing.get_int_custom_property("blessed") == 1

    def read(self) -> Evaluation:
        return read_evaluation(Path(self.evaluation.uri) / EVALUATION_FILE)


def evaluate(
    folder: Path,
    records: list[FaceRecord],
    settings: EvaluatorSettings,
    *,
    model: Errors | None = None,
    baseline: Errors | None = None,
    waivers: Sequence[Waiver] = (),
    looks: Path | None = None,
    reference: Path | None = None,
) -> Outcome:
    """Evaluates a model with the errors `model`, against `baseline` if there is one, with its waivers.

    A model that already lies in the folder is taken as it is. `looks` counts the models. `reference` is a SavedModel.
    """
    write_examples(folder / "examples", records)
    examples = make_artifact(Examples, folder / "examples")
    examples.split_names = '["test"]'
    candidate = _save(folder / "model", model or Errors())
    outcome = Outcome(
        candidate,
        make_artifact(ModelEvaluation, folder / "evaluation"),
        make_artifact(ModelBlessing, folder / "blessing"),
    )
    inputs = {"examples": [examples], "model": [candidate], "baseline_model": []}
    if baseline:
        inputs["baseline_model"] = [_save(folder / "baseline", baseline)]
    component = Evaluator(Channel(Examples), Channel(Model), settings, Channel(Model), reference, looks)
    properties = {**component.exec_properties, "valid_waivers": WAIVERS.dump_json(list(waivers)).decode()}
    component.executor_spec.executor_class().Do(
        inputs, {"evaluation": [outcome.evaluation], "blessing": [outcome.blessing]}, properties
    )
    return outcome


def make_artifact(artifact_type: type[Artifact], uri: Path) -> Artifact:
    """Makes an artifact as ML Metadata returns it."""
    artifact = artifact_type()
    artifact.uri = str(uri)
    artifact.id = next(_ids)
    return artifact


def _save(uri: Path, errors: Errors) -> Artifact:
    if not uri.exists():
        save_model(uri, **asdict(errors))
    return make_artifact(Model, uri)
