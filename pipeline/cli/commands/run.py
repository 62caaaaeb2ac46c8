"""`visage run`: runs the pipeline on this machine."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    DEFAULT_CONFIG,
    config_argument,
    data_dir_option,
    json_option,
    new_run_id,
    override_option,
    print_json,
    pushed_models,
    redirect_framework_output,
    visage_command,
)
from pipeline.cli.telling import told_at_its_end
from pipeline.output.log_lines import begin_lines, error_text, set_fields

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig


@click.command()
@config_argument
@override_option
@data_dir_option
@json_option
@click.pass_context
def run(context: click.Context, config: Path, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Run the pipeline here. Exit code 0: blessed and pushed; 3: not blessed; 4: blessed, but held; 1: failed."""
    from pipeline.checks.early_checks import OF_A_RUN, check_early
    from pipeline.config.loader import load_config
    from pipeline.ready import make_ready_model
    from pipeline.run_lock import hold_run_lock
    from pipeline.run_record import recorded_run

    begin_lines()
    settings = load_config(config, overrides, data_dir)
    notes = check_early(settings, OF_A_RUN)
    make_ready_model(settings)
    run_id = new_run_id()
    set_fields(pipeline=settings.name, run_id=run_id)
    log = settings.root / "logs" / f"{run_id}.log"
    with (
        hold_run_lock(settings.root),
        told_at_its_end(settings, run_id) as told,
        redirect_framework_output(log) as stream,
    ):
        from pipeline.output.run_start import start_reporter

        reporter = start_reporter(settings, stream, notes, silent=as_json)
        # After the first line, because reading the packages' versions takes a tenth of a second.
        with recorded_run(settings, run_id) as recorder:
            from pipeline.output.run_summary import outcome_of, print_outcome
            from pipeline.runners.local import run_pipeline

            told.outcome = outcome = outcome_of(settings, run_pipeline(settings, run_id, reporter))
            failures = [f"{node} failed: {line}" for node, line in outcome.failed.items()]
            gates = [asdict(gate) for gate in outcome.gates]
            recorder.finish(outcome.exit_code, "; ".join(failures) or None, gates, outcome.seconds)
            print_outcome(
                outcome,
                reporter,
                visage=visage_command(),
                default_model=_is_default_model(settings),
            )
        if as_json:
            print_json(asdict(outcome), stream)
    for failure in failures:
        click.echo(error_text(f"{failure} (log: {log})"), err=True)
    context.exit(outcome.exit_code)


def _is_default_model(settings: "PipelineConfig") -> bool:
    """Returns whether `visage predict` finds this pipeline's models without an option."""
    return DEFAULT_CONFIG.exists() and settings.model_base_path == pushed_models(DEFAULT_CONFIG)
