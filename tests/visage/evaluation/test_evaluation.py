"""The file of an evaluation."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.visage.evaluation.some_tables import outputs_of, truths_of
from visage.errors import VisageError
from visage.evaluation.evaluate import evaluate
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation, write_evaluation
from visage.evaluation.predictions.table import PredictionTable
from visage.evaluation.settings import EvaluatorSettings

SETTINGS = EvaluatorSettings(
    age_mae_max=5,
    gender_accuracy_min={"limit": 0.9, "evidence": "safe"},
    slices=["gender", "race"],
    pairs=True,
    min_people=5,
    slice_gates=[{"feature": "age_group", "value": "0-2", "age_mae_max": 5}],
    gap_gates=[{"feature": "race", "age_mae_gap_max": 1}],
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / EVALUATION_FILE


def test_a_written_evaluation_is_read_back(file: Path) -> None:
    # Some ages are unknown, one group has no known age, and one prediction of the blessed model is no number.
    ages = [None if number % 7 == 0 else 10.0 + number for number in range(60)]
    truths = truths_of(ages, races=["white", "black", "unknown"] * 20)
    rng = np.random.default_rng(1)
    candidate = outputs_of(rng.uniform(10, 70, 60).tolist(), rng.uniform(0, 1, 60).tolist())
    baseline = outputs_of([np.nan, *rng.uniform(10, 70, 59)], rng.uniform(0, 1, 60).tolist())
    written = evaluate(PredictionTable(truths, {"candidate": candidate, "baseline": baseline}), SETTINGS)
    write_evaluation(written, file)
    assert read_evaluation(file) == written
    # Programs read standard JSON.
    content = json.loads(file.read_text(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert content["blessed"] is False
    assert content["slices"][0]["figures"]["candidate"]["age_mae"]["records"] == 51


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_evaluation_of_hardly_any_record_is_read_back(file: Path, count: int) -> None:
    truths = truths_of([30.0] * count)
    written = evaluate(PredictionTable(truths, {"candidate": outputs_of([31] * count, [0.9] * count)}), SETTINGS)
    write_evaluation(written, file)
    assert read_evaluation(file) == written


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b'{"blessed": true}', b'{"blessed": true, "overall": {}, "slices": [], "baseline": null}'],
    ids=["empty", "bytes", "list", "part", "older version"],
)
def test_a_file_of_another_version_has_an_error_of_one_line(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(VisageError) as raised:
        read_evaluation(file)
    assert str(raised.value) == f"{file}: is no evaluation of this version; evaluate the model again"


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(VisageError) as raised:
        read_evaluation(file)
    assert str(raised.value) == f"{file}: cannot be read: No such file or directory; evaluate the model again"
