"""What the gate's settings refuse."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.evaluator.settings import SliceGate


def test_a_slice_gate_that_limits_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="sets no limit; give age_mae_max or gender_accuracy_min"):
        SliceGate(feature="gender", value="female")


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
