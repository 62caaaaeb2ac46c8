"""Metrics as dots and whiskers: their headings, and figures that lie where their axis says."""

import re

import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from tests.visage.model_card.some_cards import SETTINGS, drawn_evaluation
from visage.evaluation.evaluate import evaluate
from visage.evaluation.predictions.table import PredictionTable
from visage.model_card.views.figures import Row, group_rows, metric_rows

HEADS = {"age": "age", "gender": "gender"}


def _place(row: Row) -> float:
    """The place of the model's figure, in per cent of the axis."""
    found = re.search(r'class="mark candidate" x="([\d.]+)%"', row.chart)
    assert found
    return float(found[1])


def test_metrics_stand_below_what_they_measure() -> None:
    found = metric_rows(drawn_evaluation(), HEADS)
    assert [rows.title for rows in found] == ["Age", "Gender"]
    assert "Mean absolute error of the age (years)" in [row.name for row in found[0].rows]


def test_figures_of_groups_with_few_people_lie_on_the_axis() -> None:
    # Four people of two races are twenty years and more wrong, the 36 others one or two.
    races = ["white"] * 36 + ["black"] * 2 + ["asian"] * 2
    errors = [1.0, 2.0] * 18 + [20.0] * 2 + [30.0] * 2
    table = PredictionTable(
        truths_of([40.0] * 40, races=races), {"candidate": outputs_of([40 + error for error in errors])}
    )
    rows = {row.name: row for row in group_rows(evaluate(table, SETTINGS), {**HEADS, "gender": None})["race"][0].rows}
    assert rows["black"].few
    assert not rows["white"].few
    places = [_place(rows[race]) for race in ("white", "black", "asian")]
    # 1.5, 20 and 30 years: equal distances on the axis are equal numbers of years.
    assert (places[2] - places[1]) / (places[1] - places[0]) == pytest.approx(10 / 18.5, rel=0.01)
