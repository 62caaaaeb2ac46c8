"""`visage check` and `visage doctor`: reasons why a run would fail, and what this machine has."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import config_argument, data_dir_option, json_option, override_option, print_json
from pipeline.exit_codes import FAILED

if TYPE_CHECKING:
    from pipeline.checks.finding import Finding


@click.command()
@config_argument
@override_option
@data_dir_option
@json_option
@click.pass_context
def check(
    context: click.Context, config: Path, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Check what would make a run fail: configuration, archives, workspace, locks, disk. Runs nothing."""
    from pipeline.checks.early_checks import all_findings
    from pipeline.config.loader import load_config

    findings = list(all_findings(load_config(config, overrides, data_dir)))
    _print_findings(findings, as_json)
    context.exit(FAILED if any(finding.status == "missing" for finding in findings) else 0)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Show what this machine has, what is missing, and how to get it."""
    from pipeline.cli.doctor import diagnose

    _print_findings(diagnose(), as_json)


def _print_findings(findings: "Sequence[Finding]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        click.echo(finding.line())
