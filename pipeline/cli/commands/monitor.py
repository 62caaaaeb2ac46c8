"""`visage monitor`: compares what a server was asked with the model's test data."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import (
    PathOfThisMachine,
    choose_model,
    config_option,
    json_option,
    print_json,
    redirect_framework_output,
    settings_of,
)
from pipeline.exit_codes import DRIFT, NOT_ENOUGH
from pipeline.output.output_file import check_output_folder
from visage.errors import VisageError

if TYPE_CHECKING:
    from visage.monitoring.report import Report
    from visage.monitoring.settings import MonitorSettings

_EXIT_CODES = {"ok": 0, "drift": DRIFT, "not enough": NOT_ENOUGH}
_FIGURES = "monitor.json"
_SERVED, _BASELINE = "requests.tfrecord", "baseline.tfrecord"


@click.command()
@click.option(
    "--statistics",
    type=PathOfThisMachine(),
    required=True,
    metavar="DIR",
    help="The folder of `visage serve --statistics`.",
)
@click.option("--model", type=PathOfThisMachine(), metavar="DIR", help="The version, or the folder of the versions.")
@config_option
@click.option("--model-name", metavar="NAME", help="The model's name in requests.  [default: its folder's]")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How many days, in UTC.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The last of them.  [default: today]"
)
@click.option(
    "--baseline",
    type=PathOfThisMachine(),
    metavar="PATH",
    help="Predictions (.parquet, .csv), the baseline.tfrecord of an earlier --out, or a folder of statistics, of which "
    "the days before count.  [default: the model's own predictions for its test split]",
)
@click.option("--limit", "limits", multiple=True, metavar="FEATURE=LIMIT", help="Replace a limit; null: none.")
@click.option("--min-faces", type=click.IntRange(1), help="Compare no fewer.  [default: monitor.min_faces]")
@click.option("--out", type=PathOfThisMachine(), metavar="DIR", help="Folder for the page, the JSON and both counts.")
@json_option
@click.pass_context
def monitor(
    context: click.Context,
    statistics: Path,
    model: Path | None,
    config: Path | None,
    model_name: str | None,
    days: int,
    until: datetime | None,
    baseline: Path | None,
    limits: tuple[str, ...],
    min_faces: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare what the server was asked with the test data of its model, by TFDV's distances.

    Exit code 3: a distance is above its limit. 4: too few requests to compare.
    """
    chosen = choose_model(model, config, "--model")
    settings = _settings(chosen.config, limits, min_faces)
    if out is not None:
        inputs = [statistics, chosen.folder, *([baseline] if baseline is not None else [])]
        check_output_folder(out, inputs, written=[_FIGURES, _SERVED, _BASELINE])
    with redirect_framework_output() as stream:
        from pipeline.monitored import compare_requests
        from pipeline.output.console import Reporter
        from pipeline.output.monitor_table import print_report

        reporter = Reporter(stream, silent=as_json)
        report = compare_requests(
            statistics,
            chosen.folder,
            settings,
            days=days,
            last=None if until is None else until.date(),
            name=model_name,
            baseline=baseline,
        )
        print_report(report, reporter)
        if out is not None:
            reporter.print(f"page  {_write(out, report)}")
        if as_json:
            print_json(report.to_json(), stream)
    context.exit(_EXIT_CODES[report.verdict])


def _settings(config: Path | None, limits: tuple[str, ...], min_faces: int | None) -> "MonitorSettings":
    """Returns the settings of the configuration, or the defaults, changed by the options.

    Raises:
        VisageError: a limit names no feature, or is no limit.
    """
    from pydantic import ValidationError

    from pipeline.config.yaml import read_yaml
    from visage.monitoring.settings import MonitorLimits, MonitorSettings
    from visage.names import did_you_mean
    from visage.settings import plain_message

    settings = settings_of(config).monitor if config is not None else MonitorSettings()
    changed = settings.limits.model_dump()
    for limit in limits:
        name, equals, value = limit.partition("=")
        if not equals or name not in changed:
            fix = did_you_mean(name, list(changed)) or f"choose from {', '.join(changed)}"
            raise VisageError(f"--limit {limit}: write FEATURE=LIMIT, e.g. --limit age=0.2; {fix}")
        changed[name] = read_yaml(value)
    try:
        new = {"limits": MonitorLimits.model_validate(changed), "min_faces": min_faces or settings.min_faces}
    except ValidationError as error:
        wrong = error.errors()[0]
        raise VisageError(f"--limit {wrong['loc'][0]}: {plain_message(wrong)}; 0 to 1, or null") from None
    return settings.model_copy(update=new)


def _write(out: Path, report: "Report") -> Path:
    """Writes the page, the JSON, and the counts of requests and baseline, each whole; returns the page.

    Raises:
        VisageError: the folder cannot be made, is not writable, or full.
    """
    import json

    from visage.files import write_atomically
    from visage.monitoring.files import write_counts
    from visage.monitoring.page import PAGE, render

    page = render(report)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_counts(out / _SERVED, report.collected.counts)
        write_counts(out / _BASELINE, report.baseline)
    except OSError as error:
        raise VisageError(f"--out {out}: cannot be written: {error.strerror}; name another folder") from None
    write_atomically(out / _FIGURES, json.dumps(report.to_json(), indent=2, allow_nan=False) + "\n")
    write_atomically(out / PAGE, page)
    return out / PAGE
