"""Counts ages by source, split and gender."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from visage.data.age_labels import AgeInterval
from visage.data.labels import AGE_GROUPS, GENDERS, UNKNOWN
from visage.data.records import FaceRecord

# Completed years 0 to 120, the highest that the settings allow.
YEARS = 121
SHOWN_GENDERS = (*GENDERS, UNKNOWN)


class Ages:
    """Counts records by completed year of age, in memory that does not depend on their number."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], np.ndarray] = {}
        self._unknown: dict[tuple[str, str, str], int] = {}
        self._intervals: dict[tuple[str, str, str], Counter[AgeInterval]] = {}
        self._groups: dict[tuple[str, str, str], list[int]] = {}

    def add(self, source: str, split: str, record: FaceRecord) -> None:
        """Counts one record."""
        place = (source, split, record.gender)
        counts = self._known.setdefault(place, np.zeros(YEARS, int))
        self._unknown.setdefault(place, 0)
        intervals = self._intervals.setdefault(place, Counter())
        groups = self._groups.setdefault(place, [0] * len(AGE_GROUPS))
        if record.age_group is not None:
            groups[record.age_group] += 1
        if record.age_label is None:
            self._unknown[place] += 1
        elif record.age is None:
            intervals[record.age_label] += 1
        else:
            counts[min(max(int(record.age), 0), YEARS - 1)] += 1

    def table(self, sources: Sequence[str], splits: Sequence[str]) -> list[dict[str, Any]]:
        """Returns an entry for each source, split and gender with records.

        Its `by_year` counts exact ages, `interval` labels of several years, `unknown` the rest; `by_interval` counts
        each label of several years, the youngest first, `by_group` all labels that determine an age group.
        """
        places = ((source, split, gender) for source in sources for split in splits for gender in SHOWN_GENDERS)
        return [
            {
                "source": place[0],
                "split": place[1],
                "gender": place[2],
                "by_year": self._known[place].tolist(),
                "interval": self._intervals[place].total(),
                "by_interval": {
                    str(label): count
                    for label, count in sorted(self._intervals[place].items(), key=lambda item: astuple(item[0]))
                },
                "unknown": self._unknown[place],
                "by_group": self._groups[place],
            }
            for place in places
            if place in self._known
        ]


def coverage(table: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Returns the number of `records`, and of those with an `exact` age, an `interval` alone, and an `unknown` age."""
    exact, interval = sum(sum(entry["by_year"]) for entry in table), sum(entry["interval"] for entry in table)
    unknown = sum(entry["unknown"] for entry in table)
    return {"records": exact + interval + unknown, "exact": exact, "interval": interval, "unknown": unknown}


def ages_line(table: Sequence[Mapping[str, Any]]) -> str:
    """Returns how many records have an exact age, e.g. '40 of 50 records have an exact age, 8 an age group alone'."""
    of = coverage(table)
    group_alone = f", {of['interval']:,} an age group alone" if of["interval"] else ""
    return f"{of['exact']:,} of {of['records']:,} records have an exact age{group_alone}"


def summaries(table: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields the figures of a box plot, in completed years, for each source and gender with known ages.

    The whiskers reach to the last age within 1.5 times the box's height (Tukey).
    """
    for source, gender in dict.fromkeys((entry["source"], entry["gender"]) for entry in table):
        parts = [e["by_year"] for e in table if (e["source"], e["gender"]) == (source, gender)]
        counts = np.sum(parts, axis=0)
        if counts.any():
            yield {"source": source, "gender": gender, **_box(counts)}


def _box(counts: np.ndarray) -> dict[str, Any]:
    total, years = int(counts.sum()), np.flatnonzero(counts)
    # The record in the middle (at a quarter, at three quarters) of all records sorted by age.
    low, middle, high = (int(np.searchsorted(np.cumsum(counts), q * (total - 1), "right")) for q in (0.25, 0.5, 0.75))
    reach = 1.5 * (high - low)
    inside = years[(years >= low - reach) & (years <= high + reach)]
    return {
        "records": total,
        "lowest": int(years[0]),
        "whisker_low": int(inside[0]),
        "quarter": low,
        "median": middle,
        "three_quarters": high,
        "whisker_high": int(inside[-1]),
        "highest": int(years[-1]),
        "outside": [int(year) for year in years if year < inside[0] or year > inside[-1]],
        "mean": round(float(np.average(np.arange(YEARS), weights=counts)), 1),
    }
