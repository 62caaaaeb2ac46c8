"""`visage evaluate` of the predictions of any system."""

import json
import os
from pathlib import Path

import pytest

from tests.helpers.page_text import Page
from tests.pipeline.cli.commands.evaluating import Ended, evaluate

CSV = (
    "age,gender,predicted_age,predicted_gender,source\n"
    "30,male,33,male,utkface\n40,female,38,female,utkface\n22,female,29,male,utkface\n"
)
BETTER = CSV.replace("33", "31").replace("29", "23")
WRITTEN = {"evaluation.json", "predictions.parquet", "model_card.html", "model_card.json"}
LIMITS = ("--config", "pipeline_config.yaml", "--set", "evaluator.gender_accuracy_min=0.5")


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    file = tmp_path / "other.csv"
    file.write_text(CSV)
    return file


@pytest.fixture
def better(tmp_path: Path) -> Path:
    file = tmp_path / "better.csv"
    file.write_text(BETTER)
    return file


def test_predictions_of_any_system_are_measured(capfd: pytest.CaptureFixture[str], predictions: Path) -> None:
    out = predictions.parent / "found"
    ended = evaluate(capfd, predictions, "--out", out)
    assert ended.code == 0, ended.text
    assert "Mean absolute error of the age" in ended.text
    assert "4.00 years" in ended.text
    assert "100% of the records name nobody" in ended.text
    assert "published, other test split: context, no comparison" in ended.text
    assert "90.37 %" in ended.text
    assert {file.name for file in out.iterdir()} == WRITTEN
    page = Page((out / "model_card.html").read_text(encoding="utf-8"))
    assert page.open_tags == []
    assert "other.csv" in str(page)


def test_a_file_is_read_whatever_its_name(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xe9.csv"))
    file.write_text(CSV)
    assert evaluate(capfd, file, "--json").code == 0


def test_a_second_run_replaces_the_files_of_the_first(
    capfd: pytest.CaptureFixture[str], predictions: Path, better: Path
) -> None:
    out = predictions.parent / "found"
    for file in (predictions, better):
        assert evaluate(capfd, file, "--out", out).code == 0
    assert {file.name for file in out.iterdir()} == WRITTEN
    assert json.loads((out / "model_card.json").read_bytes())["subject"]["name"] == "better.csv"


def test_the_limits_of_a_configuration_decide_the_exit_code(
    capfd: pytest.CaptureFixture[str], predictions: Path
) -> None:
    ended = evaluate(capfd, predictions, *LIMITS, "--set", "evaluator.age_mae_max=1")
    assert ended.code == 3, ended.text
    assert "age_mae_max" in ended.text
    assert "limits on a change were not applied" in ended.text


def test_a_baseline_is_compared_with_on_the_same_records(
    capfd: pytest.CaptureFixture[str], predictions: Path, better: Path
) -> None:
    point = '{"limit": 1, "evidence": "point"}'
    ended = evaluate(
        capfd, predictions, "--baseline", better, *LIMITS, "--set", f"evaluator.age_mae_increase_max={point}"
    )
    assert ended.code == 3, ended.text
    # 4 years wrong in the mean, and the other 1.33.
    assert "Mean absolute error of the age 1.33 years 2.67 years" in ended.text
    assert "age_mae_increase_max" in ended.text
    assert "limits on a change were not applied" not in ended.text


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["none.csv"], "none.csv: does not exist"),
        (["none"], "none: no model here"),
        (["pyproject.toml"], "pyproject.toml: its name does not end in .csv or .parquet; give a CSV or Parquet file"),
        (["{file}", "--data", "examples"], "--data: {file} holds labels of its own"),
        (["{file}", "--split", "val"], "--split: {file} holds labels of its own"),
        (["{file}", "--set", "evaluator.age_mae_max=1"], "--set: needs --config"),
        (["{file}", "--baseline", "a_model"], "--baseline a_model: {file} holds no images that a model could predict"),
        (["{file}", "--baseline", "{fewer}"], "--baseline {fewer}: lacks 1 of the 3 measured keys, e.g. 'row 4'"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    capfd: pytest.CaptureFixture[str], predictions: Path, words: list[str], refusal: str
) -> None:
    fewer = predictions.parent / "fewer.csv"
    fewer.write_text("\n".join(CSV.splitlines()[:-1]))
    ended = evaluate(capfd, *(word.format(file=predictions, fewer=fewer) for word in words))
    assert_refused(ended, refusal.format(file=predictions, fewer=fewer))


def test_the_predictions_are_not_replaced_by_their_own_copy(
    capfd: pytest.CaptureFixture[str], predictions: Path
) -> None:
    out = predictions.parent / "found"
    evaluate(capfd, predictions, "--out", out)
    assert_refused(evaluate(capfd, out / "predictions.parquet", "--out", out), f"--out {out}: would replace the input")


def assert_refused(ended: Ended, refusal: str) -> None:
    assert ended.code == 1
    assert ended.error.startswith(f"visage: {refusal}")
    assert ended.error.count("\n") == 1
