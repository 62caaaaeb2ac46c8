"""Compares what a server was asked with the test data of its model: `visage monitor`, and `visage due` for drift."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

from pipeline.monitor_baseline import find_baseline
from visage.errors import VisageError
from visage.monitoring.collected import Period, collect
from visage.monitoring.report import Report
from visage.monitoring.settings import MonitorSettings
from visage.prediction.loaded_model import find_model, identity_of
from visage.saved_model.metadata import known_metadata
from visage.saved_model.versions import version_number


def today() -> date:
    """Returns the day of the statistics that servers write now, in UTC."""
    return datetime.now(timezone.utc).date()


def compare_requests(
    statistics: Path,
    model: Path,
    settings: MonitorSettings,
    *,
    days: int,
    last: date | None = None,
    name: str | None = None,
    baseline: Path | None = None,
) -> Report:
    """Returns the comparison of the requests to a served version with its baseline.

    Args:
        statistics: folder of `visage serve --statistics`.
        model: the version, or the folder of the versions, of which it is the newest.
        settings: limits, and how many faces are enough.
        days: how many are compared.
        last: the last of them; None: today.
        name: of the model in requests; None: its folder's.
        baseline: as `find_baseline` takes it.

    Raises:
        VisageError: there is no such model, its folder has no number, or statistics or baseline cannot be read.
    """
    version = find_model(model).resolve()
    number = version_number(version)
    if number is None:
        raise VisageError(f"--model {model}: its folder has no number, as served versions have; name one of those")
    name, period = name or version.parent.name, Period.until(last or today(), days)
    compared_with = find_baseline(baseline, version, name, period)
    return Report(
        identity=identity_of(version, known_metadata(version)),
        name=name,
        version=str(number),
        period=period,
        collected=collect(statistics, name, str(number), period),
        baseline=compared_with.counts,
        baseline_text=compared_with.text,
        settings=settings,
        made_at=datetime.now(timezone.utc),
    )
