"""Holds what the model card knows of the records in each split."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AgeBucket:
    """Records from `low` to `high` years, at least one year apart; `count` is an estimate."""

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class SplitStatistics:
    """The people in one split.

    Attributes:
        records: number of records.
        age_unknown: number of records without an exact age.
        ages: histogram of the exact ages, youngest first; empty where there is none.
        counts: number of records by value for each feature ('gender', 'race', 'source'), most frequent first.
    """

    records: int
    age_unknown: int
    ages: list[AgeBucket]
    counts: dict[str, dict[str, int]]
