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
    from pipeline.evaluation_target import Target
    from visage.evaluation.evaluation import Evaluation
    from visage.evaluation.predictions.table import PredictionTable
    from visage.evaluation.settings import EvaluatorSettings
    from visage.model_card.settings import ModelCardSettings

_PREDICTIONS = "predictions.parquet"


@click.command()
@click.argument("target", metavar="MODEL|PREDICTIONS", type=PathOfThisMachine())
@click.option(
    "--data",
    "examples",
    type=PathOfThisMachine(),
    metavar="DIR",
    help="Examples that FaceExampleGen wrote.  [default: those of the run that trained the model]",
)
@click.option("--split", type=click.Choice(SPLITS), help="Which split.  [default: test]")
@click.option(
    "--baseline",
    type=PathOfThisMachine(),
    metavar="MODEL|PREDICTIONS",
    help="Compare with another model, or with another file of predictions, on the same records.",
)
@click.option("--config", type=PathOfThisMachine(), help="Configuration whose limits apply.  [default: no limits]")
@override_option
@click.option(
    "--out", type=PathOfThisMachine(), help="Folder for the model card, evaluation.json and predictions.parquet."
)
@json_option
@click.pass_context
def evaluate(
    context: click.Context,
    target: Path,
    examples: Path | None,
    split: str | None,
    baseline: Path | None,
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
    settings, shown = _settings(config, overrides)
    if out is not None:
        inputs = [path for path in (target, baseline, examples) if path is not None]
        check_output_folder(out, inputs, written=[_PREDICTIONS])
    from pipeline.evaluation_target import find_target

    measured = find_target(target, examples, split, baseline)
    with redirect_framework_output():
        no_evidence = measured.no_evidence
    if no_evidence:
        click.echo(f"visage: warning: {no_evidence}", err=True)
    with redirect_framework_output() as stream:
        from pipeline.output.console import Reporter
        from pipeline.output.evaluation_tables import print_evaluation, print_published
        from visage.evaluation.evaluate import evaluate as evaluate_table
        from visage.evaluation.evaluation import to_json
        from visage.model_card.published import published_beside

        reporter = Reporter(stream, silent=as_json)
        with reporter.stage("predictions"):
            table = measured.table()
        with reporter.stage("intervals"):
            found = evaluate_table(table, settings, independence_unknown=measured.independence_unknown())
        print_evaluation(found, reporter)
        published = published_beside(found, measured.trainings())
        print_published(published, reporter)
        if config is not None and settings.compares and not found.compares_with("baseline"):
            reporter.print("limits on a change were not applied: --baseline names a model to compare with")
        if out is not None:
            page = _write(out, measured, table, found, shown)
            reporter.print(f"model card  {page}")
        if as_json:
            # Without a limit there is no verdict.
            verdict = {"blessed": found.blessed if found.gates else None}
            print_json({**to_json(found), **verdict, "published": [asdict(row) for row in published]}, stream)
    context.exit(NOT_BLESSED if any(gate.verdict == "failed" for gate in found.gates) else 0)


def _settings(config: Path | None, overrides: tuple[str, ...]) -> tuple["EvaluatorSettings", "ModelCardSettings"]:
    if config is not None:
        settings = settings_of(config, overrides)
        return settings.evaluator, settings.model_card
    from visage.data.labels import FEATURES
    from visage.evaluation.settings import without_limits
    from visage.model_card.settings import ModelCardSettings

    return without_limits(slices=list(FEATURES)), ModelCardSettings()


def _write(
    out: Path, measured: "Target", table: "PredictionTable", found: "Evaluation", shown: "ModelCardSettings"
) -> Path:
    """Writes the table, the evaluation and the card, each whole; returns the card's page.

    Raises:
        VisageError: the folder cannot be made, is not writable, or full.
    """
    from visage.evaluation.evaluation import EVALUATION_FILE, write_evaluation
    from visage.evaluation.predictions.files import write_predictions
    from visage.model_card.content import PAGE
    from visage.model_card.write import write_card

    card, faces = measured.card(found), measured.faces(found) if shown.faces else None
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_predictions(table, out / _PREDICTIONS)
    except OSError as error:
        raise VisageError(f"--out {out}: cannot be written: {error.strerror}; name another folder") from None
    write_evaluation(found, out / EVALUATION_FILE)
    write_card(out, card, faces)
    return out / PAGE
