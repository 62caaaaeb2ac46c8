"""Divides test records into slices: all of them, and groups by gender, age group, race, source, and pairs of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from visage.data.labels import AGE_GROUPS, FEATURES, GENDERS, RACES, SEVERAL_AGE_GROUPS, UNKNOWN, Feature
from visage.evaluation.predictions.table import Truths

OVERALL = "overall"

# Values of a feature in the order of tables; sources follow in alphabetic order.
_VALUES: dict[Feature, tuple[str, ...]] = {"gender": GENDERS, "age_group": AGE_GROUPS, "race": RACES, "source": ()}


@dataclass(frozen=True, eq=False)
class Slice:
    """A part of the test records.

    Attributes:
        values: value by feature, e.g. {'gender': 'female'}; empty for all records.
        rows: indices of its records, int [m].
        people: number of people in it.
    """

    values: dict[Feature, str]
    rows: np.ndarray
    people: int

    @property
    def name(self) -> str:
        """Returns 'overall', or e.g. 'gender female' or 'gender female, race asian'."""
        return slice_name(self.values)

    def __len__(self) -> int:
        return len(self.rows)


def slice_name(values: dict[Feature, str]) -> str:
    """Returns 'overall' of no value, else e.g. 'gender female, race asian'."""
    return ", ".join(f"{feature} {value}" for feature, value in values.items()) or OVERALL


def groups_of(slices: Sequence[Slice], feature: Feature) -> list[Slice]:
    """Returns the groups of one feature alone, without those of its pairs."""
    return [part for part in slices if set(part.values) == {feature}]


def slices_of(
    truths: Truths, clusters: np.ndarray, features: Sequence[Feature], pairs: Sequence[tuple[Feature, Feature]] = ()
) -> list[Slice]:
    """Returns all records, then the groups that have a record, feature by feature, then the groups of pairs.

    Args:
        truths: labels of n records.
        clusters: number of each record's person, int [n].
        features: whose groups.
        pairs: of features, whose combined groups follow.
    """
    columns = {feature: feature_values(truths, feature) for feature in FEATURES}
    found = [Slice({}, np.arange(len(truths)), len(np.unique(clusters)))]
    for combined in (*((feature,) for feature in features), *pairs):
        for values in product(*(_present(feature, columns[feature]) for feature in combined)):
            of_slice = dict(zip(combined, values, strict=True))
            member = np.logical_and.reduce([columns[feature] == value for feature, value in of_slice.items()])
            rows = np.flatnonzero(member)
            if len(rows):
                found.append(Slice(of_slice, rows, len(np.unique(clusters[rows]))))
    return found


def feature_values(truths: Truths, feature: Feature) -> np.ndarray:
    """Returns the value of a feature of each record, string [n], e.g. '25-32' of 'age_group', or 'unknown'."""
    if feature == "age_group":
        groups = np.array([*AGE_GROUPS, SEVERAL_AGE_GROUPS])[truths.age_group]
        return np.where(np.isfinite(truths.age_low), groups, UNKNOWN)
    return getattr(truths, feature)


def all_pairs(features: Sequence[Feature]) -> list[tuple[Feature, Feature]]:
    """Returns every pair of different features, in their order."""
    return list(combinations(features, 2))


def _present(feature: Feature, column: np.ndarray) -> Iterator[str]:
    """Yields the values that occur in a column: in the feature's own order, others by name, unknown last."""
    present = set(column.tolist())
    ordered = [value for value in _VALUES[feature] if value in present]
    yield from (*ordered, *sorted(present - {*ordered, UNKNOWN}), *({UNKNOWN} & present))
