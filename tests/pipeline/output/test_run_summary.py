"""The last lines of a run, and its exit code."""

import io
from dataclasses import replace
from datetime import date

import pytest

from pipeline.output.console import Reporter
from pipeline.output.run_summary import Outcome, print_outcome
from pipeline.results import ExportResult
from visage.evaluation.gates.gate import Gate
from visage.evaluation.waivers import Waiver, failed_limits

PUSHED = Outcome(
    pipeline="mine",
    run_id="1",
    drawn=False,
    pushed=True,
    version="17",
    new_version=True,
    model_base_path="/srv/my runs/visage",
    infra_validator="ok",
    gates=[],
    looks=1,
    waiver=None,
    model_card="/srv/card.html",
    seconds={},
    cached=[],
    failed={},
)
PASSED = Gate("age_mae_max", "age_mae", "overall", 10.0, "point", "passed", measured=4.0)
MISSED = replace(PASSED, verdict="failed", measured=14.0)


def shown(default_model: bool, drawings: bool, outcome: Outcome = PUSHED) -> str:
    stream = io.StringIO()
    print_outcome(replace(outcome, drawn=drawings), Reporter(stream), ".venv/bin/visage", default_model)
    return stream.getvalue()


def test_the_printed_commands_can_be_copied() -> None:
    assert "predict     .venv/bin/visage predict PHOTO\n" in shown(default_model=True, drawings=False)
    elsewhere = shown(default_model=False, drawings=False)
    assert "predict     .venv/bin/visage predict --model '/srv/my runs/visage' PHOTO\n" in elsewhere
    assert "serve       .venv/bin/visage serve --model-base-path '/srv/my runs/visage'\n" in elsewhere


def test_a_model_of_drawings_has_a_warning() -> None:
    warning = "trained on drawings: for photos of people train on real data, see docs/data.md, or take the ready model"
    assert warning in shown(default_model=True, drawings=True)
    assert warning not in shown(default_model=True, drawings=False)


def test_a_folder_whose_name_tensorflow_serving_treats_as_a_pattern_has_a_warning() -> None:
    warning = "TensorFlow Serving treats this folder's name as a pattern"
    assert warning in shown(True, False, replace(PUSHED, model_base_path="/srv/r[1]/visage"))
    assert warning not in shown(True, False)


@pytest.mark.parametrize(
    ("pushed", "failed", "exit_code"),
    [
        (True, [], 0),
        (False, [], 3),
        (True, ["ModelCard"], 1),
        (False, ["ModelCard"], 3),
        (False, ["Pusher"], 1),
        (False, ["Pusher", "ModelCard"], 1),
    ],
)
def test_the_gate_takes_precedence_over_a_failed_card_in_the_exit_code(
    pushed: bool, failed: list[str], exit_code: int
) -> None:
    assert replace(PUSHED, pushed=pushed, failed=dict.fromkeys(failed, "why")).exit_code == exit_code


def test_a_card_that_failed_hides_neither_the_gate_nor_the_push() -> None:
    text = shown(True, False, replace(PUSHED, gates=[PASSED], model_card=None, failed={"ModelCard": "why"}))
    assert "age_mae_max" in text
    assert "Blessed. Version 17 pushed" in text
    assert text.endswith("model card  not written\n")


def test_a_push_that_failed_hides_neither_the_gate_nor_the_card() -> None:
    text = shown(True, False, replace(PUSHED, gates=[PASSED], pushed=False, version=None, failed={"Pusher": "why"}))
    assert "age_mae_max" in text
    assert "Not pushed: Pusher failed." in text
    assert text.endswith("model card  /srv/card.html\n")


def test_exports_are_counted_and_do_not_change_the_exit_code() -> None:
    done, failed = ExportResult("ml_bom", "/srv/[1]/ml_bom.cdx.json"), ExportResult("mlflow", None, "http://x: away")
    outcome = replace(PUSHED, exports=[done, failed])
    assert shown(True, False, outcome).endswith(
        "exports     1 of 2 done, 1 failed\n  ml_bom      /srv/[1]/ml_bom.cdx.json\n"
    )
    assert outcome.exit_code == 0
    assert "exports     1 of 1 done\n" in shown(True, False, replace(PUSHED, exports=[done]))
    assert "exports" not in shown(True, False)


def test_a_metric_that_was_not_measured_has_its_reason() -> None:
    gate = replace(PASSED, verdict="failed", measured=None, reason="no record of known age")
    text = shown(True, False, replace(PUSHED, gates=[gate], pushed=False))
    assert "not measured" in text
    assert "age_mae_max of overall: no record of known age\n" in text


def test_a_missed_limit_rejects_the_model_whatever_else_failed() -> None:
    text = shown(True, False, replace(PUSHED, gates=[MISSED], pushed=False, model_card=None, failed={"ModelCard": "-"}))
    assert "Not pushed: not blessed." in text


def test_a_test_split_that_measured_several_models_is_named_with_their_number() -> None:
    assert "12 models were measured on this test split" in shown(True, False, replace(PUSHED, looks=12))
    assert "measured on this test split" not in shown(True, False)
    assert "How many models were measured on this test split is not known" in shown(
        True, False, replace(PUSHED, looks=None)
    )


def test_a_model_that_somebody_waived_is_not_called_blessed() -> None:
    waiver = Waiver("/model/8", "Ada [QA]", "demo", until=date(2026, 12, 31), made=date(2026, 12, 1))
    text = shown(True, False, replace(PUSHED, gates=[MISSED], waiver=waiver))
    assert "Waived by Ada [QA] until 2026-12-31: demo. Version 17 pushed" in text
    assert "Blessed." not in text
    rejected = replace(PUSHED, gates=[MISSED], waiver=waiver, pushed=False, infra_validator="cannot be loaded")
    assert "Not pushed: rejected by InfraValidator." in shown(True, False, rejected)


def test_a_waiver_that_does_not_cover_a_limit_names_it() -> None:
    waiver = Waiver("/model/8", "Ada [QA]", "demo", date(2026, 12, 31), date(2026, 12, 1), failed_limits([MISSED]))
    gates = [MISSED, replace(MISSED, slice="gender female")]
    text = shown(True, False, replace(PUSHED, gates=gates, waiver=waiver, pushed=False))
    assert "Not pushed: the waiver of Ada [QA] does not cover age_mae_max of gender female (14.000, limit" in text


def test_a_blessed_model_that_is_held_has_its_reason_and_an_exit_code_of_its_own() -> None:
    held = replace(PUSHED, pushed=False, version=None, held="this is version 3, rolled back by [me]")
    assert held.exit_code == 4
    assert "Blessed, not pushed: this is version 3, rolled back by [me]. The served model stays.\n" in shown(
        True, False, held
    )
