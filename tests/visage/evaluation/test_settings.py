"""The gates' settings: what a limit is, and which limits are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from visage.evaluation.metrics import limited_metrics
from visage.evaluation.settings import EvaluatorSettings, GapGate, SliceGate

NONE = {"age_mae_max": None, "gender_accuracy_min": None}


def test_a_limit_is_a_number_or_a_number_and_its_evidence() -> None:
    settings: Any = EvaluatorSettings(age_mae_max=5, gender_accuracy_min={"limit": 0.9, "evidence": "safe"})
    assert (settings.age_mae_max.limit, settings.age_mae_max.evidence) == (5, "point")
    assert (settings.gender_accuracy_min.limit, settings.gender_accuracy_min.evidence) == (0.9, "safe")
    assert EvaluatorSettings.model_validate_json(settings.model_dump_json()) == settings


def test_limits_of_groups_gaps_and_changes_need_harm_to_be_shown_unless_they_name_other_evidence() -> None:
    settings: Any = EvaluatorSettings(age_mae_max=5, gender_accuracy_min=None)
    group: Any = SliceGate(feature="gender", value="male", age_mae_max=5)
    gap: Any = GapGate(feature="race", age_mae_gap_max={"limit": 1, "evidence": "point"})
    assert (settings.age_mae_increase_max.limit, settings.age_mae_increase_max.evidence) == (0.1, "harm")
    assert group.age_mae_max.evidence == "harm"
    assert gap.age_mae_gap_max.evidence == "point"


@pytest.mark.parametrize(
    "limit",
    [0, -1, "5 years", {"limit": 5, "evidence": "likely"}, {"limit": 5, "confidence": 0.9}, {"evidence": "safe"}],
)
def test_an_impossible_limit_is_refused(limit: Any) -> None:
    with pytest.raises(ValidationError, match="age_mae_max"):
        EvaluatorSettings(age_mae_max=limit, gender_accuracy_min=None)


def test_a_fraction_above_1_and_a_negative_change_are_refused() -> None:
    with pytest.raises(ValidationError, match="gender_accuracy_min"):
        EvaluatorSettings(age_mae_max=5, gender_accuracy_min=90)
    with pytest.raises(ValidationError, match="age_mae_increase_max"):
        EvaluatorSettings(age_mae_max=5, gender_accuracy_min=0.9, age_mae_increase_max=-0.1)
    with pytest.raises(ValidationError, match="gender_accuracy_gap_max"):
        GapGate(feature="race", gender_accuracy_gap_max=5)


def test_the_main_limits_must_be_named_even_as_null() -> None:
    with pytest.raises(ValidationError, match="gender_accuracy_min"):
        EvaluatorSettings(age_mae_max=5)


def test_groups_that_are_gated_are_measured_as_well() -> None:
    settings = EvaluatorSettings(
        age_mae_max=5,
        gender_accuracy_min=None,
        slices=["source", "gender"],
        slice_gates=[SliceGate(feature="age_group", value="0-2", age_mae_max=5)],
        gap_gates=[GapGate(feature="race", age_mae_gap_max=1)],
    )
    assert settings.features == ["gender", "age_group", "race", "source"]


def test_whether_the_blessed_model_is_needed() -> None:
    assert EvaluatorSettings(age_mae_max=5, gender_accuracy_min=None).compares
    changes = {spec.change_limit_name: None for spec, limits in limited_metrics() if limits.change is not None}
    assert not EvaluatorSettings(age_mae_max=5, gender_accuracy_min=None, **changes).compares


def test_a_group_gate_that_limits_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"sets no limit; give age_mae_max, .* or gender_accuracy_min"):
        SliceGate(feature="gender", value="female")
    with pytest.raises(ValidationError, match=r"sets no limit; give age_mae_gap_max, .* or gender_accuracy_gap_max"):
        GapGate(feature="gender")


def test_a_gate_that_lets_everything_pass_is_refused() -> None:
    with pytest.raises(ValidationError, match="sets no limit that a model must meet"):
        EvaluatorSettings(**NONE)


def test_limits_are_known_by_what_they_limit() -> None:
    gates = [
        SliceGate(feature="gender", value="male", age_mae_max=5),
        SliceGate(feature="gender", value="male", gender_accuracy_min=1),
    ]
    settings = EvaluatorSettings(
        age_mae_max=9,
        age_mae_increase_max=None,
        gender_accuracy_min=0.8,
        slice_gates=gates,
        gap_gates=[GapGate(feature="gender", age_mae_gap_max=1)],
    )
    assert settings.limits_on("age") == ["age_mae_max", "slice_gates.0.age_mae_max", "gap_gates.0.age_mae_gap_max"]
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
