"""What the gate's settings refuse."""

import pytest
from pydantic import ValidationError

from components.evaluator.settings import SliceGate


def test_a_slice_gate_that_limits_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="sets no limit; give age_mae_max or gender_accuracy_min"):
        SliceGate(feature="gender", value="female")


def test_an_age_group_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValidationError, match=r"no age_group '20-30'; choose from 0-2, 4-6, .*60-100"):
        SliceGate(feature="age_group", value="20-30", age_mae_max=5)
