"""A Trainer that writes a line and an Evaluator with a given blessing: the nodes around the resolver."""

# mypy: disable-error-code="valid-type"

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model, ModelBlessing


@component
def ToyTrainer(model: OutputArtifact[Model], weights: Parameter[str]) -> None:  # noqa: N802
    """Writes `weights` as the whole of a model."""
    serving = Path(model.uri) / "Format-Serving"
    serving.mkdir(parents=True)
    (serving / "saved_model.pb").write_text(weights)


@component
def ToyEvaluator(  # noqa: N802
    model: InputArtifact[Model],
    blessing: OutputArtifact[ModelBlessing],
    bless: Parameter[int],
    baseline_model: InputArtifact[Model] = None,
) -> None:
    """Blesses the model if `bless` is 1, and writes the weights of its baseline."""
    compared_with = (Path(baseline_model.uri) / "Format-Serving/saved_model.pb").read_text() if baseline_model else ""
    Path(blessing.uri).mkdir(parents=True, exist_ok=True)
    (Path(blessing.uri) / "compared_with").write_text(compared_with)
    blessing.set_int_custom_property("blessed", bless)
    if baseline_model:
        blessing.set_string_custom_property("baseline_model", baseline_model.uri)
