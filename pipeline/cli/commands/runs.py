"""`visage runs`: what was run, how two runs differ, and which version is served."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.commands.export_run import export_run
from pipeline.cli.commands.waive import waive
from pipeline.cli.common import (
    DEFAULT_CONFIG,
    PathOfThisMachine,
    config_argument,
    json_option,
    override_option,
    print_json,
    settings_of,
)
from pipeline.cli.groups import CommandGroup
from pipeline.cli.opened import Opened, opened
from visage.errors import VisageError

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig

_config_option = click.option(
    "--config", type=PathOfThisMachine(), default=DEFAULT_CONFIG, show_default=True, help="Of the pipeline."
)
_reason_option = click.option("--reason", default="", help="Recorded with your name and the time.")


@click.group(cls=CommandGroup)
def runs() -> None:
    """Show, compare and export runs, and decide which version is served."""


@runs.command("list")
@config_argument
@override_option
@json_option
def list_(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """List the runs, the newest last."""
    with opened(config, overrides, as_json) as at:
        from pipeline.metadata.details import metrics_and_waiver
        from pipeline.metadata.lineage import pushed_versions
        from pipeline.output.runs import print_hold, print_runs, runs_json
        from visage.evaluation.waivers import WAIVERS_FILE, read_waivers
        from visage.saved_model.pushing.holds import read_hold

        found = at.metadata.runs
        given = read_waivers(at.settings.root / WAIVERS_FILE)
        metrics, waivers = {}, {}
        for run in found:
            metrics[run.run_id], waivers[run.run_id] = metrics_and_waiver(run, given)
        versions = pushed_versions(at.metadata)
        hold = read_hold(at.settings.model_base_path)
        print_runs(found, metrics, versions, waivers, at.reporter)
        if not found:
            at.reporter.print(f"{at.settings.root}: {at.settings.name} has no runs yet; run it first (visage run)")
        print_hold(hold, at.reporter)
        listed = runs_json(found, metrics, versions, waivers)
        at.print_json({"pipeline": at.settings.name, **listed, "hold": asdict(hold)})


@runs.command()
@click.argument("run", required=False)
@_config_option
@override_option
@json_option
def show(run: str | None, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show one run: nodes, metrics, data, code, packages.  [default: the newest]"""
    with opened(config, overrides, as_json) as at:
        from pipeline.metadata.details import details_of
        from pipeline.output.run_details import print_run

        details = details_of(at.metadata, at.metadata.run(run))
        print_run(details, at.reporter)
        at.print_json(details.to_json())


@runs.command()
@click.argument("run")
@click.argument("other")
@_config_option
@override_option
@json_option
def compare(run: str, other: str, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show what differs between two runs.

    Compared are configuration, data, code and packages; the metrics are side by side.
    """
    with opened(config, overrides, as_json) as at:
        from pipeline.metadata.details import details_of, differences
        from pipeline.output.run_details import print_comparison

        one, two = (details_of(at.metadata, at.metadata.run(name)) for name in (run, other))
        found = differences(one, two)
        print_comparison(one, two, found, at.reporter)
        at.print_json({"runs": [run, other], **found, "unknown": {run: one.unknown, other: two.unknown}})


@runs.command()
@click.argument("version")
@_reason_option
@_config_option
@override_option
@json_option
def rollback(version: str, reason: str, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Serve an older VERSION again, until `release`.

    Newer versions leave the served folder, and runs that make them again do not push them. Another model is pushed.
    """
    from visage.saved_model.pushing.rollback import roll_back

    settings = settings_of(config, overrides)
    base = settings.model_base_path
    done = roll_back(base, version, reason)
    held = ", ".join(map(str, done.versions))
    _print_done(f"version {version} is served; held back: {held}", asdict(done), base, as_json)
    _update_copy(settings)


@runs.command()
@_reason_option
@_config_option
@override_option
@json_option
def hold(reason: str, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Push no model at all, until `release`."""
    from visage.saved_model.pushing.rollback import hold_pushes

    base = settings_of(config, overrides).model_base_path
    _print_done("no model is pushed", asdict(hold_pushes(base, reason)), base, as_json)


@runs.command()
@_config_option
@override_option
@json_option
def release(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """End a rollback and a hold.

    The newest version is served again.
    """
    from visage.saved_model.pushing.rollback import release as release_holds
    from visage.saved_model.versions import newest_version

    settings = settings_of(config, overrides)
    base = settings.model_base_path
    released = asdict(release_holds(base))
    newest = newest_version(base)
    served = newest.path.name if newest else None
    _print_done(f"released; version {served} is served", {"released": released, "served": served}, base, as_json)
    _update_copy(settings)


def _update_copy(settings: "PipelineConfig") -> None:
    """Makes the bucket of `serving.copy_to`, if there is one, follow the versions in service.

    Raises:
        VisageError: it cannot be reached; the next run tries again.
    """
    if settings.serving.copy_to is not None:
        from visage.saved_model.pushing.bucket_copy import update_bucket

        update_bucket(settings.model_base_path, settings.serving.copy_to)


@runs.command()
@click.option("--keep", type=click.IntRange(min=1), default=5, show_default=True, help="Number of newest runs to keep.")
@click.option("--dry-run", is_flag=True, help="Remove nothing.")
@_config_option
@override_option
@json_option
def prune(keep: int, dry_run: bool, config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Remove the large artifacts of old runs from disk.

    These are examples, statistics and models; reports and model cards stay.

    Kept are the newest runs, blessed and pushed models with their data, and what a configuration or a training names.
    """
    from pipeline.run_lock import check_not_running, hold_run_lock

    root = settings_of(config, overrides).root
    if not root.is_dir():
        raise VisageError(f"{root}: there is no such pipeline yet; run it first (visage run)")
    if dry_run:
        check_not_running(root)
        with opened(config, overrides, as_json) as at:
            _prune(at, keep, dry_run)
        return
    with hold_run_lock(root), opened(config, overrides, as_json) as at:
        _prune(at, keep, dry_run)


runs.add_command(waive)
runs.add_command(export_run)


def _prune(at: Opened, keep: int, dry_run: bool) -> None:
    from pipeline.metadata.prune import plan_prune, remove
    from pipeline.output.runs import print_prune

    plan = plan_prune(at.metadata, at.settings, keep)
    if not dry_run:
        remove(at.metadata, plan)
    print_prune(plan, dry_run, at.reporter)
    at.print_json({**asdict(plan), "bytes": plan.bytes, "dry_run": dry_run})


def _print_done(line: str, figures: dict[str, Any], base: Path, as_json: bool) -> None:
    if as_json:
        print_json({**figures, "model_base_path": str(base)})
    else:
        click.echo(f"{line}: {base}")
