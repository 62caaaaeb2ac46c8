"""Every record of known age is in a bar, also the oldest that the settings allow."""

from typing import Any

import pytest

from pipeline.data_inspection.ages import YEARS
from pipeline.data_inspection.charts import RIGHT, gender_fractions, histogram, last_year


def ages(*years: int) -> list[dict[str, Any]]:
    by_year = [0] * YEARS
    for year in years:
        by_year[year] += 1
    return [
        {"source": "utkface", "split": "train", "gender": "female", "by_year": by_year, "interval": 0, "unknown": 0}
    ]


@pytest.mark.parametrize(
    ("oldest", "last"), [(0, 100), (99, 100), (100, 120), (119, 120), (120, 130)], ids=lambda value: str(value)
)
def test_every_record_is_in_a_bar(oldest: int, last: int) -> None:
    table = ages(0, 30, oldest)
    assert last_year(table) == last
    for chart in (histogram(table, last), histogram(table, last, band=1), gender_fractions(table, last)):
        assert sum(bar["count"] for bar in chart["bars"]) == 3
        assert all(bar["width"] > 0 and bar["x"] + bar["width"] <= RIGHT for bar in chart["bars"])


def test_no_records_make_a_chart_without_bars() -> None:
    assert last_year([]) == 100
    assert histogram([], 100)["bars"] == []
