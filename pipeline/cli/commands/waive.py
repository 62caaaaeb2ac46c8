"""`visage runs waive`: lets one model through that limits withhold."""

from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import click

from pipeline.cli.common import DEFAULT_CONFIG, PathOfThisMachine, json_option, override_option
from pipeline.cli.opened import opened
from visage.errors import VisageError


@click.command()
@click.argument("run")
@click.option("--reason", required=True, help="Why the model is pushed in spite of the limit.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it may be pushed.")
@click.option("--by", help="Name of the person who decides.  [default: your user name]")
@click.option("--config", type=PathOfThisMachine(), default=DEFAULT_CONFIG, show_default=True, help="Of the pipeline.")
@override_option
@json_option
def waive(
    run: str, reason: str, until: datetime, by: str | None, config: Path, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Let the model of a RUN through that was not blessed.

    The next run with the same model pushes it, unless it fails a limit that it met in RUN. Name and reason stay with
    the evaluation and on the model card.
    """
    if not reason.strip():
        raise VisageError("--reason: is empty; give the reason that the model card will show")
    with opened(config, overrides, as_json) as at:
        from rich.markup import escape

        from pipeline.metadata.details import evaluation_of
        from visage.evaluation.waivers import WAIVERS_FILE, Waiver, add_waiver, failed_limits
        from visage.saved_model.pushing.holds import user_name

        found = at.metadata.run(run)
        model = found.output("Trainer", "model")
        if found.blessed is not False or model is None:
            raise VisageError(f"{found.run_id}: no model of it was withheld by a limit; see `visage runs list`")
        today = datetime.now(timezone.utc).date()
        if until.date() < today:
            raise VisageError(f"--until: {until.date()} is over; give a day from {today} on")
        evaluation = evaluation_of(found)
        limits = failed_limits(evaluation.gates) if evaluation else ()
        if not limits:
            why = (
                "no limit of it failed, none could be decided"
                if evaluation
                else "its evaluation is gone, or another version wrote it"
            )
            raise VisageError(f"{found.run_id}: {why}, so there is nothing to waive; run the pipeline again")
        waiver = Waiver(str(model.uri), by or user_name(), reason.strip(), until.date(), today, limits)
        add_waiver(at.settings.root / WAIVERS_FILE, waiver)
        at.reporter.print(f"waived by {escape(waiver.by)} until {waiver.until}; the next run with this model pushes it")
        at.reporter.print(f"covered: {escape(', '.join(map(str, limits)))}")
        at.print_json(asdict(waiver))
