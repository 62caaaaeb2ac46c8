"""Puts the predictions of two systems for the same records into one table."""

from __future__ import annotations

import numpy as np

from visage.data.labels import UNKNOWN
from visage.errors import VisageError, quoted
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, PredictionTable, Truths


def with_baseline(table: PredictionTable, other: PredictionTable, what: str) -> PredictionTable:
    """Adds the candidate of another table as the baseline, by the records' keys; the other's labels are left out.

    Args:
        table: with the candidate.
        other: the same records in any order.
        what: the other table in an error, e.g. '--baseline other.csv'.

    Raises:
        VisageError: the two have other keys, one key occurs twice, or a record has two known labels that differ.
    """
    own, others = _names(table.truths, table.truths), _names(other.truths, table.truths)
    _check_unique(own, others, what)
    _check_same(own, others, what)
    order, place = np.argsort(others), np.argsort(np.argsort(own))
    rows = order[place]
    _check_labels(table.truths, other.truths.take(rows), what)
    outputs = {CANDIDATE: table.outputs[CANDIDATE], BASELINE: other.outputs[CANDIDATE].take(rows)}
    return PredictionTable(table.truths, outputs)


def _names(truths: Truths, named_as: Truths) -> np.ndarray:
    """Returns the key of each record, string [n], with its source if keys of `named_as` are unique only within one."""
    if len(np.unique(named_as.key)) == len(named_as):
        return truths.key
    return np.char.add(np.char.add(truths.key, " of the source "), truths.source)


def _check_unique(own: np.ndarray, others: np.ndarray, what: str) -> None:
    for whose, names in (("the measured predictions hold", own), ("holds", others)):
        found, counts = np.unique(names, return_counts=True)
        if (counts > 1).any():
            raise VisageError(f"{what}: {whose} the key {quoted(found[counts > 1][0])} twice; give each record a key")


def _check_same(own: np.ndarray, others: np.ndarray, what: str) -> None:
    missing, foreign = np.setdiff1d(own, others), np.setdiff1d(others, own)
    if len(missing):
        cause = f"lacks {len(missing):,} of the {len(own):,} measured keys, e.g. {quoted(missing[0])}"
    elif len(foreign):
        cause = f"holds {len(foreign):,} keys that are not measured, e.g. {quoted(foreign[0])}"
    else:
        return
    raise VisageError(f"{what}: {cause}; give predictions of the same records")


def _check_labels(own: Truths, others: Truths, what: str) -> None:
    """Checks that no record has two labels: keys such as row numbers may be the same by chance."""
    both_ages = ~np.isnan(own.age) & ~np.isnan(others.age)
    both_genders = (own.gender != UNKNOWN) & (others.gender != UNKNOWN)
    differ = {"age": both_ages & (own.age != others.age), "gender": both_genders & (own.gender != others.gender)}
    for label, rows in differ.items():
        if rows.any():
            key = quoted(own.key[rows][0])
            raise VisageError(
                f"{what}: the {label} of {key} is another one ({getattr(others, label)[rows][0]}, not "
                f"{getattr(own, label)[rows][0]}); give predictions of the same records"
            )
