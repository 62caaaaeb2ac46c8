"""`visage runs export`: makes the exports of a run that has ended."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    DEFAULT_CONFIG,
    PathOfThisMachine,
    json_option,
    override_option,
    redirect_framework_output,
    settings_of,
    settings_of_compiled,
)
from pipeline.cli.opened import opened_pipeline
from pipeline.exit_codes import FAILED
from visage.errors import VisageError

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig


@click.command("export")
@click.argument("run", required=False)
@click.option("--config", type=PathOfThisMachine(), help=f"Of the pipeline.  [default: {DEFAULT_CONFIG}]")
@override_option
@click.option("--pipeline", metavar="IR", help="The compiled pipeline that a scheduler ran, instead of --config.")
@click.option("--missing-ok", is_flag=True, help="Success if no node of the run has started: it was not due.")
@json_option
@click.pass_context
def export_run(
    context: click.Context,
    run: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    pipeline: str | None,
    missing_ok: bool,
    as_json: bool,
) -> None:
    """Make the configured exports of a RUN that has ended.  [default: the newest]

    A failed export stops no other. Exit code 1: one failed.
    """
    settings = _settings(config, overrides, pipeline)
    with opened_pipeline(settings, as_json) as at:
        from pipeline.exports.configuration import configuration_of_run
        from pipeline.exports.export import enabled_exports, export_run
        from pipeline.output.exports import print_exports, print_failed_exports
        from pipeline.run_lock import check_not_running
        from pipeline.run_record import file_name, read_record

        if not enabled_exports(settings):
            raise VisageError("exports: none is configured; docs/exports.md names the keys")
        if missing_ok and run not in {one.run_id for one in at.metadata.runs}:
            at.reporter.print("no node of the run has started; nothing to export")
            at.print_json({"run_id": run, "exports": []})
            return
        run_id = at.metadata.run(run).run_id
        record = read_record(settings.root, run_id)
        # A scheduler's run never ends in its record; it holds no lock.
        if record is None or record.ended is None:
            check_not_running(settings.root)
        with redirect_framework_output(settings.root / "logs" / f"{file_name(run_id)}.exports.log"):
            exports = export_run(configuration_of_run(record, settings), run_id)
        print_failed_exports(exports, at.reporter)
        print_exports(exports, at.reporter)
        at.print_json({"run_id": run_id, "exports": [asdict(export) for export in exports]})
    context.exit(FAILED if any(export.error is not None for export in exports) else 0)


def _settings(config: Path | None, overrides: tuple[str, ...], pipeline: str | None) -> "PipelineConfig":
    """Returns the configuration of the pipeline.

    Raises:
        VisageError: it cannot be read, or is named twice.
    """
    if pipeline is None:
        return settings_of(config or DEFAULT_CONFIG, overrides)
    if config is not None or overrides:
        raise VisageError("--pipeline: holds the whole configuration; leave out --config and --set")
    return settings_of_compiled(pipeline)
