"""Adds up the statistics that servers wrote in some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from visage.errors import VisageError
from visage.monitoring.counts import Counts
from visage.monitoring.files import NO_VERSION, read_counts, statistics_files


@dataclass(frozen=True)
class Period:
    """Some days of UTC.

    Attributes:
        first: the first day.
        last: the last day, included.
    """

    first: date
    last: date

    @staticmethod
    def until(last: date, days: int) -> Period:
        """Returns the days that end with `last`."""
        return Period(last - timedelta(days=days - 1), last)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> list[date]:
        """Returns every day."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Collected:
    """The statistics of some days.

    Attributes:
        counts: of all files.
        by_day: faces and requests of each day with a file.
        servers: number of servers' runs.
        files: number of files that were read.
        unreadable: a line for each file that could not be read.
        later: number of files of the model that bear a later day, as of a clock set wrong.
        other_versions: versions of the model of which there are files too, sorted.
    """

    counts: Counts
    by_day: dict[date, tuple[int, int]]
    servers: int
    files: int
    unreadable: list[str]
    later: int
    other_versions: list[str]


def collect(folder: Path, model: str, version: str, period: Period) -> Collected:
    """Adds up the files of a version of a model, and of requests that named no version that was there.

    Args:
        folder: that `visage serve --statistics` names.
        model: as requests name it.
        version: its digits.
        period: the days.

    Raises:
        VisageError: the folder is missing or cannot be listed.
    """
    counts, by_day = Counts(), dict[date, tuple[int, int]]()
    servers, others, unreadable = set[str](), set[str](), list[str]()
    files = later = 0
    try:
        found = [(one, path) for one, path in statistics_files(folder) if one.model == model]
    except OSError as error:
        raise VisageError(f"{folder}: {error.strerror}; name the folder of visage serve --statistics") from None
    for one, path in found:
        if one.version not in (version, NO_VERSION):
            others.add(one.version)
            continue
        if one.day not in period:
            later += one.day > period.last
            continue
        try:
            read = read_counts(path)
        except (OSError, ValueError) as error:
            unreadable.append(f"{path.name}: {error}")
            continue
        files += 1
        counts.add_all(read)
        servers.add(one.writer.partition("-")[0])
        faces, requests = by_day.get(one.day, (0, 0))
        by_day[one.day] = (faces + read.faces, requests + read.requests)
    return Collected(counts, by_day, len(servers), files, unreadable, later, sorted(others))
