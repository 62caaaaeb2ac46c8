"""Models predict every record, beside its labels."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.tiny_model import people, save_model
from visage.data.records import to_example
from visage.evaluation.scores import measure
from visage.prediction.examples import BATCH, ExamplesModel, predict_examples


def test_labels_and_predictions_are_in_the_order_of_the_records(tmp_path: Path) -> None:
    records = people(BATCH + 36, image_digest="ab")
    save_model(tmp_path, age_error=2, wrong_in_ten=1)
    model = ExamplesModel(tmp_path / "Format-Serving")

    found = predict_examples(map(to_example, records), {"candidate": model})

    assert found.truths.key.tolist() == [record.key for record in records]
    assert set(found.truths.image_digest.tolist()) == {"ab"}
    scores = measure(found)
    assert scores["age_mae"] == pytest.approx(2)
    assert scores["gender_accuracy"] == pytest.approx(0.9)


def test_several_models_predict_the_same_records(tmp_path: Path) -> None:
    models = {}
    for role, error in (("candidate", 2.0), ("baseline", -1.0)):
        save_model(tmp_path / role, age_error=error)
        models[role] = ExamplesModel(tmp_path / role / "Format-Serving")

    found = predict_examples(map(to_example, people(3)), models)

    errors = {role: outputs.age - found.truths.age for role, outputs in found.outputs.items()}
    assert errors["candidate"].tolist() == [2, 2, 2]
    assert errors["baseline"].tolist() == [-1, -1, -1]


def test_every_output_of_the_model_is_kept(tmp_path: Path) -> None:
    save_model(tmp_path)
    model = ExamplesModel(tmp_path / "Format-Serving")

    outputs = predict_examples(map(to_example, people(3)), {"candidate": model}).outputs["candidate"]

    assert outputs.age_probabilities is not None
    assert outputs.age_probabilities.shape == (3, 101)
    # The model calls everybody 0-2, the first group, whatever the age.
    assert outputs.age_group is not None
    assert outputs.age_group.tolist() == [0, 0, 0]


def test_unknown_labels_and_missing_outputs(tmp_path: Path) -> None:
    save_model(tmp_path, predicts_gender=False)
    model = ExamplesModel(tmp_path / "Format-Serving")

    found = predict_examples(map(to_example, people(3, age=None)), {"candidate": model})

    assert np.isnan(found.truths.age).all()
    assert found.truths.age_group.tolist() == [-1, -1, -1]
    assert found.outputs["candidate"].gender_probability is None
