"""`visage evaluate`: measures a model, or the predictions of any system, as the Evaluator does."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    PathOfThisMachine,
    json_option,
    override_option,
    print_json,
    redirect_framework_output,
    settings_of,
)
from pipeline.exit_codes import NOT_BLESSED
from pipeline.output.output_file import check_output_folder
from visage.data.protocols import SPLITS
from visage.errors import VisageError

if TYPE_CHECKING:
    from visage.evaluation.predictions.table import PredictionTable
    from visage.evaluation.settings import EvaluatorSettings
    from visage.saved_model.metadata import TrainingProvenance

_FILES = (".csv", ".parquet")


@click.command()
@click.argument("target", metavar="MODEL|PREDICTIONS", type=PathOfThisMachine())
@click.option(
    "--data",
    "examples",
    type=PathOfThisMachine(),
    metavar="DIR",
    help="Examples that FaceExampleGen wrote.  [default: those of the run that trained the model]",
)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Which split.")
@click.option("--config", type=PathOfThisMachine(), help="Configuration whose limits apply.  [default: no limits]")
@override_option
@click.option("--out", type=PathOfThisMachine(), help="Folder for evaluation.json and predictions.parquet.")
@json_option
@click.pass_context
def evaluate(
    context: click.Context,
    target: Path,
    examples: Path | None,
    split: str,
    config: Path | None,
    overrides: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure a model, or the predictions of any system, group by group and with intervals.

    MODEL is the folder of a SavedModel with our signatures, or of its numbered versions. PREDICTIONS is a CSV or
    Parquet file; docs/evaluation.md names its columns. Exit code 3: a limit of --config is not met.
    """
    if overrides and config is None:
        raise VisageError("--set: needs --config; name the configuration that it changes")
    settings = _settings(config, overrides)
    if out is not None:
        check_output_folder(out, inputs=[target])
    with redirect_framework_output() as stream:
        from pipeline.output.console import Reporter
        from pipeline.output.evaluation_tables import print_evaluation, print_published
        from visage.evaluation.evaluate import evaluate as evaluate_table
        from visage.evaluation.evaluation import EVALUATION_FILE, to_json, write_evaluation
        from visage.evaluation.predictions.files import write_predictions
        from visage.model_card.published import published_beside

        reporter = Reporter(stream, silent=as_json)
        with reporter.stage("predictions"):
            table = _table(target, examples, split)
        with reporter.stage("intervals"):
            found = evaluate_table(table, settings)
        print_evaluation(found, reporter)
        published = published_beside(found, _trainings(target))
        print_published(published, reporter)
        if config is not None and settings.compares:
            reporter.print("limits on a change were not applied: `visage evaluate` compares with no other model")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            write_predictions(table, out / "predictions.parquet")
            write_evaluation(found, out / EVALUATION_FILE)
            reporter.print(f"all of it  {out / EVALUATION_FILE}")
        if as_json:
            print_json({**to_json(found), "published": [asdict(row) for row in published]}, stream)
    context.exit(NOT_BLESSED if any(gate.verdict == "failed" for gate in found.gates) else 0)


def _settings(config: Path | None, overrides: tuple[str, ...]) -> "EvaluatorSettings":
    from visage.data.labels import FEATURES
    from visage.evaluation.settings import without_limits

    if config is None:
        return without_limits(slices=list(FEATURES))
    return settings_of(config, overrides).evaluator


def _trainings(target: Path) -> "list[TrainingProvenance] | None":
    """Returns the trainings of a model; None: they are unknown, as those of other systems."""
    from visage.prediction.loaded_model import find_model
    from visage.saved_model.provenance import read_provenance

    return None if target.suffix.lower() in _FILES else read_provenance(find_model(target))


def _table(target: Path, examples: Path | None, split: str) -> "PredictionTable":
    """Returns the predictions to measure.

    Raises:
        VisageError: they cannot be read, or the model or its examples are missing.
    """
    if target.suffix.lower() in _FILES:
        from visage.evaluation.predictions.external import read_external

        if examples is not None:
            raise VisageError(f"--data: {target} holds labels of its own; leave the option out")
        return read_external(target)
    from visage.data.examples import read_serialized
    from visage.evaluation.predictions.table import CANDIDATE
    from visage.prediction.loaded_model import find_model

    version = find_model(target).resolve()
    if examples is None:
        from pipeline.metadata.training_examples import trained_on

        examples = trained_on(version)
    from visage.prediction.examples import ExamplesModel, predict_examples

    records = read_serialized(examples, split)
    return predict_examples(records, {CANDIDATE: ExamplesModel(version)}).in_order_of_keys()
