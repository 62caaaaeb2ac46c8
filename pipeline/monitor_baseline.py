"""Finds what `visage monitor` compares requests with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from visage.errors import VisageError
from visage.monitoring.collected import Period, collect
from visage.monitoring.counts import Counts
from visage.monitoring.files import ENDING, read_counts
from visage.saved_model.versions import version_number

_PREDICTIONS = (".parquet", ".csv")


@dataclass(frozen=True)
class Baseline:
    """The counts to compare with, and what they are, for people."""

    counts: Counts
    text: str


def find_baseline(given: Path | None, version: Path, model: str, period: Period) -> Baseline:
    """Returns the baseline that the user named, or the model's own predictions for its test split.

    Args:
        given: a file of predictions, a file that `visage monitor --out` wrote, or a folder of statistics, of which the
            days before the period count; None: the evaluation of the run that trained the model.
        version: folder of the model, absolute.
        model: its name in requests.
        period: the days that are compared.

    Raises:
        VisageError: there is none, or it cannot be read.
    """
    if given is None:
        return _of_run(version)
    if given.is_dir():
        return _of_days(given, str(version_number(version)), model, period)
    if given.suffix.lower() in _PREDICTIONS:
        from visage.evaluation.predictions.external import read_external
        from visage.monitoring.baseline import counts_of

        counts = counts_of(read_external(given))
        return Baseline(counts, f"the predictions in {given.name} ({counts.faces:,} faces)")
    if given.suffix == ENDING:
        try:
            counts = read_counts(given)
        except (OSError, ValueError) as error:
            raise VisageError(f"--baseline {given}: cannot be read ({error}); write it again") from None
        return Baseline(counts, f"{given.name} ({counts.faces:,} faces)")
    endings = ", ".join((*_PREDICTIONS, ENDING))
    raise VisageError(f"--baseline {given}: no folder, and no file that ends in {endings}; name one of these")


def _of_run(version: Path) -> Baseline:
    from pipeline.metadata.evaluated import predictions_of
    from pipeline.metadata.training_examples import trained_on
    from visage.data.examples import read_records
    from visage.monitoring.baseline import add_crops, counts_of

    counts = counts_of(predictions_of(version))
    # Without the examples, as after `visage runs prune`, only the sizes of crops have no baseline.
    with suppress(VisageError):
        add_crops(counts, read_records(trained_on(version), "test"))
    return Baseline(counts, f"the model's own predictions for its test split ({counts.faces:,} faces)")


def _of_days(folder: Path, number: str, model: str, period: Period) -> Baseline:
    before = Period(date.min, period.first - timedelta(days=1))
    found = collect(folder, model, number, before)
    if not found.by_day:
        raise VisageError(
            f"--baseline {folder}: no statistics of {model} {number} before {period.first}; name other files, or leave "
            "the option out"
        )
    first, last = min(found.by_day), max(found.by_day)
    return Baseline(found.counts, f"earlier requests, {first} to {last} ({found.counts.faces:,} faces)")
