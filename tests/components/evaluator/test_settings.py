"""The gate's settings refuse impossible limits."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.evaluator.settings import EvaluatorSettings, SliceGate


def test_a_slice_gate_that_limits_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="sets no limit; give age_mae_max or gender_accuracy_min"):
        SliceGate(feature="gender", value="female")


def test_a_gate_that_lets_everything_pass_is_refused() -> None:
    with pytest.raises(ValidationError, match="sets no limit that a model must meet"):
        EvaluatorSettings(age_mae_max=None, gender_accuracy_min=None)


def test_limits_are_known_by_what_they_limit() -> None:
    gates = [
        SliceGate(feature="gender", value="male", age_mae_max=5),
        SliceGate(feature="gender", value="male", gender_accuracy_min=1),
    ]
    settings = EvaluatorSettings(age_mae_max=9, age_mae_increase_max=None, gender_accuracy_min=0.8, slice_gates=gates)
    assert settings.limits_on("age") == ["age_mae_max", "slice_gates.0.age_mae_max"]
    assert settings.limits_on("gender") == [
        "gender_accuracy_min",
        "gender_accuracy_decrease_max",
        "slice_gates.1.gender_accuracy_min",
    ]


@pytest.mark.parametrize(
    ("feature", "value", "refusal"),
    [
        ("age_group", "20-30", "no age_group '20-30'; choose from 0-2, 4-6, .*60-100"),
        ("gender", "women", "no gender 'women'; choose from female, male, unknown"),
        ("race", "White", "no race 'White'; choose from white, black, asian, indian, others, unknown"),
    ],
)
def test_a_group_that_does_not_exist_is_refused_with_those_that_do(feature: Any, value: str, refusal: str) -> None:
    with pytest.raises(ValidationError, match=refusal):
        SliceGate(feature=feature, value=value, age_mae_max=5)
