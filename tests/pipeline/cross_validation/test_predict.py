"""A model predicts every record of its test split."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.cross_validation.predict import predict
from tests.helpers.tiny_model import people, save_model, write_examples
from visage.evaluation.scores import measure


def test_predictions_and_truths_are_in_the_order_of_the_keys(tmp_path: Path) -> None:
    write_examples(tmp_path, people(100, image_digest="ab"))
    save_model(tmp_path / "model", age_error=2, wrong_in_ten=1)

    found = predict(tmp_path / "model" / "Format-Serving", tmp_path / "Split-test")

    assert found.keys.tolist() == sorted(str(number) for number in range(100))
    assert set(found.images.tolist()) == {"ab"}
    scores = measure(found)
    assert scores["age_mae"] == pytest.approx(2)
    assert scores["gender_accuracy"] == pytest.approx(0.9)


def test_unknown_truths_and_missing_outputs(tmp_path: Path) -> None:
    write_examples(tmp_path, people(3, age=None))
    save_model(tmp_path / "model", predicts_gender=False)

    found = predict(tmp_path / "model" / "Format-Serving", tmp_path / "Split-test")

    assert np.isnan(found.true_age).all()
    assert found.true_age_group.tolist() == [-1, -1, -1]
    assert found.gender_probability is None
