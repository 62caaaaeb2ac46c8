"""The predictions of two systems for the same records, in one table."""

from dataclasses import replace

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import table_of
from visage.errors import VisageError
from visage.evaluation.predictions.paired import with_baseline
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable

OWN = table_of([20, 30, 40], [21, 31, 41])
OTHER = table_of([20, 30, 40], [22, 33, 44])


def rows(table: PredictionTable, *numbers: int) -> PredictionTable:
    taken = np.array(numbers)
    return PredictionTable(table.truths.take(taken), {CANDIDATE: table.outputs[CANDIDATE].take(taken)})


def test_records_are_found_by_their_keys_in_any_order() -> None:
    found = with_baseline(OWN, rows(OTHER, 2, 0, 1), "--baseline other.csv")
    assert found.truths is OWN.truths
    assert found.outputs["baseline"].age is not None
    assert found.outputs["baseline"].age.tolist() == [22, 33, 44]
    assert found.outputs["candidate"] is OWN.outputs["candidate"]


def test_keys_that_two_sources_share_are_told_apart_by_the_source() -> None:
    def of_two_sources(table: PredictionTable) -> PredictionTable:
        truths = replace(table.truths, key=np.array(["1", "1", "2"]), source=np.array(["utkface", "wiki", "wiki"]))
        return replace(table, truths=truths)

    found = with_baseline(of_two_sources(OWN), rows(of_two_sources(OTHER), 1, 2, 0), "--baseline other.csv")
    assert found.outputs["baseline"].age is not None
    assert found.outputs["baseline"].age.tolist() == [22, 33, 44]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (rows(OTHER, 0, 1), r"lacks 1 of the 3 measured keys, e\.g\. 'record-00002'"),
        (table_of([20, 30, 40, 50], [22, 33, 44, 55]), r"holds 1 keys that are not measured, e\.g\. 'record-00003'"),
        (rows(OTHER, 0, 1, 1, 2), "holds the key 'record-00001' twice"),
        (table_of([20, 31, 40], [22, 33, 44]), r"the age of 'record-00001' is another one \(31\.0, not 30\.0\)"),
    ],
)
def test_other_records_are_refused_in_one_line(other: PredictionTable, why: str) -> None:
    with pytest.raises(VisageError, match=rf"^--baseline other\.csv: {why}[^\n]*; give [^\n]*$"):
        with_baseline(OWN, other, "--baseline other.csv")


def test_an_unknown_label_contradicts_none() -> None:
    assert len(with_baseline(OWN, table_of([20, None, 40], [22, 33, 44]), "--baseline other.csv")) == 3
