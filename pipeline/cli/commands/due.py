"""`visage due`: decides whether a scheduled run has a reason to train."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    DEFAULT_CONFIG,
    PathOfThisMachine,
    data_dir_option,
    json_option,
    override_option,
    print_json,
    redirect_framework_output,
    settings_of_compiled,
)
from pipeline.cli.telling import tell
from pipeline.exit_codes import NOT_DUE
from visage.errors import VisageError

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from pipeline.notifications.notification import Notification
    from pipeline.retraining import Due, Reason


@click.command()
@click.argument("config", type=PathOfThisMachine(), required=False)
@override_option
@data_dir_option
@click.option("--pipeline", metavar="IR", help="The compiled pipeline that a scheduler runs, instead of CONFIG.")
@json_option
@click.pass_context
def due(
    context: click.Context,
    config: Path | None,
    overrides: tuple[str, ...],
    data_dir: Path | None,
    pipeline: str | None,
    as_json: bool,
) -> None:
    """Say whether a scheduled run has to train, by `retraining` of CONFIG, and why.  [default: pipeline_config.yaml]

    Exit code 0: it has; 5: nothing is new, and no drift.
    """
    settings = _settings(config, overrides, data_dir, pipeline)
    decision = decided(settings, as_json)
    context.exit(0 if decision.reasons else NOT_DUE)


def decided(settings: "PipelineConfig", as_json: bool = False) -> "Due":
    """Decides, prints the decision, and notifies of drift; returns it.

    Raises:
        VisageError: as `pipeline.retraining.decide`.
    """
    with redirect_framework_output() as stream:
        from pipeline.retraining import decide

        decision = decide(settings)
        if as_json:
            print_json(decision.to_json(), stream)
        else:
            for reason in decision.reasons:
                click.echo(f"due: {reason}", file=stream)
            for note in decision.notes:
                click.echo(note if decision.reasons else f"not due: {note}", file=stream)
    tell(settings, (_of_drift(settings, reason) for reason in decision.reasons if reason.cause == "drift"))
    return decision


def _of_drift(settings: "PipelineConfig", reason: "Reason") -> "Notification":
    from pipeline.notifications.notification import Notification

    text = f"{settings.name}: {reason}"
    return Notification("drift", settings.name, text, version=reason.details["version"])


def _settings(
    config: Path | None, overrides: tuple[str, ...], data_dir: Path | None, pipeline: str | None
) -> "PipelineConfig":
    if pipeline is None:
        from pipeline.config.loader import load_config

        return load_config(config or DEFAULT_CONFIG, overrides, data_dir)
    if config is not None or overrides or data_dir is not None:
        raise VisageError("--pipeline: holds the whole configuration; leave out CONFIG, --set and --data-dir")
    return settings_of_compiled(pipeline)
