"""`visage evaluate` as a user types it: a model, or the predictions of any system."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.visage import visage
from tests.helpers.tiny_model import people, save_model, write_examples

pytestmark = pytest.mark.one_stack

CSV = (
    "age,gender,predicted_age,predicted_gender,source\n"
    "30,male,33,male,utkface\n40,female,38,female,utkface\n22,female,29,male,utkface\n"
)


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    file = tmp_path / "other.csv"
    file.write_text(CSV)
    return file


def test_predictions_of_any_system_are_measured(predictions: Path, tmp_path: Path) -> None:
    ended = visage("evaluate", predictions, "--out", tmp_path / "found")
    assert ended.returncode == 0, ended.stderr
    assert "Mean absolute error of the age" in ended.stdout
    assert "4.00 years" in ended.stdout
    assert "100% of the records name nobody" in ended.stdout
    assert "published, other test split: context, no comparison" in ended.stdout
    assert "90.37 %" in ended.stdout
    assert {file.name for file in (tmp_path / "found").iterdir()} == {"evaluation.json", "predictions.parquet"}


def test_a_model_is_measured_on_a_split(tmp_path: Path) -> None:
    write_examples(tmp_path, people(40))
    save_model(tmp_path / "model", age_error=2)
    ended = visage("evaluate", tmp_path / "model" / "Format-Serving", "--data", tmp_path, "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["slices"][0]["figures"]["candidate"]["age_mae"]["value"] == pytest.approx(2, abs=1e-5)


def test_the_limits_of_a_configuration_decide_the_exit_code(predictions: Path) -> None:
    limits = ["--set", "evaluator.age_mae_max=1", "--set", "evaluator.gender_accuracy_min=0.5"]
    ended = visage("evaluate", predictions, "--config", "pipeline_config.yaml", *limits)
    assert ended.returncode == 3, ended.stderr
    assert "age_mae_max" in ended.stdout
    assert "limits on a change were not applied" in ended.stdout


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["none.csv"], "none.csv: does not exist"),
        (["none"], "none: no model here"),
        (["{file}", "--data", "examples"], "--data: {file} holds labels of its own"),
        (["{file}", "--set", "evaluator.age_mae_max=1"], "--set: needs --config"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(predictions: Path, words: list[str], refusal: str) -> None:
    ended = visage("evaluate", *(word.format(file=predictions) for word in words))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"visage: {refusal.format(file=predictions)}")
    assert ended.stderr.count("\n") == 1
