"""Counts values in histograms that can be added up: over faces, days, and servers."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from visage.monitoring.features import FEATURES, MOST_VALUES, OTHER, Feature


@dataclass
class NumberCounts:
    """The distribution of a feature whose values are numbers.

    Attributes:
        feature: whose.
        bins: values between two neighbouring edges of the feature.
        total: sum of the values.
        squares: sum of their squares.
        low: the least value; infinity without one.
        high: the greatest.
        zeros: values that are 0.
    """

    feature: Feature
    bins: list[float] = field(default_factory=list)
    total: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    zeros: float = 0

    def __post_init__(self) -> None:
        if not self.bins:
            self.bins = [0] * (len(self.feature.edges) - 1)

    def add(self, value: float) -> None:
        """Counts a finite value; others are not counted."""
        if not math.isfinite(value):
            return
        # Of the inner edges, so that values beyond the outer ones fall into the bins at the ends.
        self.bins[bisect_right(self.feature.edges, value, 1, len(self.bins)) - 1] += 1
        self.total += value
        self.squares += value * value
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        self.zeros += value == 0

    def add_all(self, other: NumberCounts) -> None:
        """Adds the counts of another distribution of the same feature."""
        self.bins = [one + more for one, more in zip(self.bins, other.bins, strict=True)]
        self.total += other.total
        self.squares += other.squares
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.zeros += other.zeros

    def by_bins(self) -> NumberCounts:
        """Returns the distribution as its bins alone give it: each value in the middle of its bin, no extremes."""
        edges = self.feature.edges
        found = NumberCounts(self.feature, list(self.bins))
        for place, number in enumerate(self.bins):
            if number:
                middle = (edges[place] + edges[place + 1]) / 2
                found.total += number * middle
                found.squares += number * middle**2
                found.low, found.high = min(found.low, edges[place]), max(found.high, edges[place + 1])
        return found

    @property
    def count(self) -> float:
        """Returns the number of values."""
        return sum(self.bins)

    @property
    def mean(self) -> float:
        """Returns the mean; 0 without a value."""
        return self.total / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """Returns the standard deviation; 0 without a value."""
        return math.sqrt(max(0.0, self.squares / self.count - self.mean**2)) if self.count else 0.0

    @property
    def median(self) -> float:
        """Returns the median as if values were uniform in each bin; 0 without a value."""
        rest, edges = self.count / 2, self.feature.edges
        for place, number in enumerate(self.bins):
            if number and number >= rest:
                low, high = max(edges[place], self.low), min(edges[place + 1], self.high)
                return low + max(0.0, high - low) * rest / number
            rest -= number
        return 0.0


@dataclass
class TextCounts:
    """The distribution of a feature whose values are texts.

    Attributes:
        feature: whose.
        values: number by value.
    """

    feature: Feature
    values: dict[str, float] = field(default_factory=dict)

    def add(self, value: str, number: float = 1) -> None:
        """Counts a value; beyond the first `MOST_VALUES` different ones, under 'other'."""
        if value not in self.values and len(self.values) >= MOST_VALUES:
            value = OTHER
        self.values[value] = self.values.get(value, 0) + number

    def add_all(self, other: TextCounts) -> None:
        """Adds the counts of another distribution of the same feature."""
        for value, number in other.values.items():
            self.add(value, number)

    @property
    def count(self) -> float:
        """Returns the number of values."""
        return sum(self.values.values())


class Counts:
    """The distributions of all features.

    Attributes:
        faces: number of predicted faces.
        requests: number of requests, refused ones included.
        numbers: by feature.
        texts: by feature.
    """

    def __init__(self) -> None:
        self.faces = 0
        self.requests = 0
        self.numbers = {name: NumberCounts(feature) for name, feature in FEATURES.items() if feature.is_number}
        self.texts = {name: TextCounts(feature) for name, feature in FEATURES.items() if not feature.is_number}

    def add_outcome(self, outcome: str, number: int = 1) -> None:
        """Counts requests that ended in the same way."""
        self.requests += number
        self.texts["outcome"].add(outcome, number)

    def add_all(self, other: Counts) -> None:
        """Adds the counts of others."""
        self.faces += other.faces
        self.requests += other.requests
        for name, numbers in other.numbers.items():
            self.numbers[name].add_all(numbers)
        for name, texts in other.texts.items():
            self.texts[name].add_all(texts)

    def copy(self) -> Counts:
        """Returns a copy that does not change with this one."""
        return Counts.sum([self])

    def of(self, name: str) -> NumberCounts | TextCounts:
        """Returns the distribution of a feature."""
        return self.numbers[name] if name in self.numbers else self.texts[name]

    @staticmethod
    def sum(counts: Iterable[Counts]) -> Counts:
        """Returns the sum of counts."""
        found = Counts()
        for each in counts:
            found.add_all(each)
        return found
