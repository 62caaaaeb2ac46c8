"""`visage evaluate` of a model, on the examples of a split."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import draw_crop
from tests.helpers.tiny_model import people, save_model, write_examples
from tests.pipeline.cli.commands.evaluating import evaluate
from tests.pipeline.pushed_model import record_push
from visage.data.settings import SplitSettings
from visage.faces.encode import encode
from visage.saved_model.metadata import ModelMetadata, write_metadata
from visage.saved_model.provenance import provenance_of_data

COUNT = 40
ROWS = "".join(f"{number},{20 + number},{25 + number}\n" for number in range(COUNT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples of two splits, and three models: 'model', 'worse', and 'other', which was trained on another split."""
    folder = tmp_path_factory.mktemp("evaluate")
    crop = encode(draw_crop(30, "female", np.random.default_rng(0)))
    write_examples(folder / "examples", [replace(person, image=crop) for person in people(COUNT)], ("test", "train"))
    for name, error, fold in (("model", 2.0, 0), ("worse", 4.0, 0), ("other", 2.0, 1)):
        save_model(folder / name, age_error=error)
        own = provenance_of_data(["utkface"], SplitSettings(method="folds", fold=fold), "faces", drawn=False)
        write_metadata(folder / name / "Format-Serving", ModelMetadata("compact", learned_from=[own]))
    return folder


def words(folder: Path, *more: str | Path) -> list[str | Path]:
    return [folder / "model" / "Format-Serving", "--data", folder / "examples", *more]


def test_a_model_is_measured_and_gets_its_card(capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    ended = evaluate(capfd, *words(folder, "--json", "--out", tmp_path))
    assert ended.code == 0, ended.error
    found = json.loads(ended.text)
    assert found["slices"][0]["figures"]["candidate"]["age_mae"]["value"] == pytest.approx(2, abs=1e-5)
    card = json.loads((tmp_path / "model_card.json").read_bytes())
    assert card["subject"]["split"] == "test"
    # No limit was set.
    assert {**card["evaluation"], "published": card["published"], "blessed": None} == found
    assert card["data_terms"][0]["what"] == "utkface"
    assert (tmp_path / "model_card.html").read_text(encoding="utf-8").count("<img") == len(found["breakdown"]["faces"])


def test_figures_on_the_training_split_are_no_evidence(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    pushed = folder / "faces" / "serving" / "visage" / "7"
    shutil.copytree(folder / "model" / "Format-Serving", pushed)
    record_push(folder / "faces", "7", folder / "examples")
    ended = evaluate(capfd, pushed, "--split", "train", "--out", tmp_path)
    assert ended.code == 0, ended.error
    warning = "a model learns from the records of the split train, so its figures on them are no evidence"
    assert ended.error.startswith(f"visage: warning: {warning}")
    assert ended.error.count("\n") == 1
    assert f'<div class="banner">Warning: {warning}' in (tmp_path / "model_card.html").read_text(encoding="utf-8")


def test_a_model_is_compared_with_another_one(capfd: pytest.CaptureFixture[str], folder: Path) -> None:
    ended = evaluate(capfd, *words(folder, "--baseline", folder / "worse" / "Format-Serving"))
    assert ended.code == 0, ended.error
    assert "Mean absolute error of the age 4.00 years -2.00 years" in ended.text


def test_a_model_is_compared_with_the_predictions_of_any_system(
    capfd: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "any.csv").write_text(f"key,age,predicted_age\n{ROWS}")
    ended = evaluate(capfd, *words(folder, "--baseline", tmp_path / "any.csv"))
    assert ended.code == 0, ended.error
    assert "Mean absolute error of the age 5.00 years -3.00 years" in ended.text


@pytest.mark.parametrize(
    ("baseline", "split", "why"),
    [
        ("other/Format-Serving", "test", "may have been trained on faces of this test split (utkface by the split"),
        ("worse/Format-Serving", "train", "may have been trained on faces of this train split, as the candidate was"),
        ("keyless.csv", "test", "lacks 40 of the 40 measured keys, e.g. '0'"),
    ],
)
def test_a_baseline_of_other_records_or_that_knows_them_is_refused(
    capfd: pytest.CaptureFixture[str], folder: Path, baseline: str, split: str, why: str
) -> None:
    (folder / "keyless.csv").write_text("age,predicted_age\n20,25\n")
    ended = evaluate(capfd, *words(folder, "--split", split, "--baseline", folder / baseline))
    assert ended.code == 1
    assert ended.error.splitlines()[-1].startswith(f"visage: --baseline {folder / baseline}: {why}")
