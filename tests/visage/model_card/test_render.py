"""The page's words for a gate and its numbers."""

import pytest

from visage.model_card.render import _gate_name, _gate_value, _limited_figure


@pytest.mark.parametrize(
    ("gate", "value", "name", "shown"),
    [
        ("age_mae_max", 5.0, "Mean absolute error of the age, at most", "5.00 years"),
        (
            "age_mae_increase_max",
            0.5,
            "Mean absolute error of the age, against another model",
            "0.50 years worse",
        ),
        ("gender_accuracy_min", 0.9, "Gender accuracy, at least", "90.0 %"),
        (
            "gender_accuracy_decrease_max",
            -0.02,
            "Gender accuracy, against another model",
            "2.0 points better",
        ),
        # A plain number has no unit.
        ("gender_auc_min", 0.95, "Area under the gender ROC curve, at least", "0.950"),
        (
            "gender_auc_decrease_max",
            0.25,
            "Area under the gender ROC curve, against another model",
            "0.250 worse",
        ),
        (
            "age_mae_gap_max",
            1.5,
            "Mean absolute error of the age, against all records at equal ages",
            "1.50 years worse",
        ),
    ],
)
def test_a_gate_is_worded_for_people(gate: str, value: float, name: str, shown: str) -> None:
    assert _gate_name(gate) == name
    assert _gate_value(value, gate) == shown


@pytest.mark.parametrize("gate", ["age_mae_max", "gender_accuracy_min", "gender_auc_min"])
def test_a_missing_measurement_is_a_dash(gate: str) -> None:
    assert _gate_value(None, gate) == _limited_figure(None, gate) == "\u2013"
