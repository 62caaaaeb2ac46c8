"""The limits in the configuration file."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.example_validator.settings import ValidationSettings


def test_one_limit_changes_no_other() -> None:
    settings = ValidationSettings.model_validate({"skew": {"gender": 0.5}, "drift": {"age": None}})
    assert (settings.skew.gender, settings.skew.race, settings.drift.gender) == (0.5, 0.3, 0.1)
    assert settings.drift.age is None


@pytest.mark.parametrize(
    "values",
    [
        {"anomalies": "ignore"},
        {"min_examples": 0},
        {"drift": {"gender": 0}},
        {"drift": {"gender": 1.5}},
        {"drift": {"gender": True}},
        {"skew": {"identity": 0.1}},
    ],
)
def test_invalid_limits_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ValidationSettings.model_validate(values)
