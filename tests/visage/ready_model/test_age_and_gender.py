"""The ready model's network computes what onnxruntime computes, to 1e-4, and its SavedModel what the network does."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import draw_crop
from tests.helpers.extra_packages import importable
from visage.faces.encode import encode
from visage.prediction.predictors import FolderPredictor
from visage.ready_model.age_and_gender import build
from visage.ready_model.cache import find_files

pytestmark = pytest.mark.one_stack

MEAN_COLOUR = np.array([122.781998, 117.000999, 104.297997], np.float32)
AGES = np.array([0.25, *range(1, 81)], np.float32)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.stack([draw_crop(age, gender, rng) for age in (3, 30, 60, 90) for gender in ("female", "male")])


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    probabilities: np.ndarray = exponentials / exponentials.sum(1, keepdims=True)
    return probabilities


def test_it_equals_onnxruntime(cache: Path, pixels: np.ndarray) -> None:
    with importable("onnx"):
        import onnxruntime

        def run(file: Path, images: np.ndarray) -> np.ndarray:
            chips = ((images - MEAN_COLOUR) / 256).transpose(0, 3, 1, 2)
            session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
            probabilities: np.ndarray = session.run(None, {"images": np.ascontiguousarray(chips)})[0]
            return probabilities

        files = find_files("model")
        images = pixels.astype(np.float32)
        ages = run(files.age, images)
        genders = run(files.gender, images.reshape(-1, 32, 2, 32, 2, 3).mean((2, 4)))
    raw = build(files.age, files.gender).predict(images, verbose=0)
    probabilities = softmax(raw["age"])
    assert np.ptp(ages @ AGES) > 1
    assert np.abs(probabilities[:, 2:81] - ages[:, 2:]).max() < 1e-4
    assert probabilities[:, 81:].max() < 1e-20
    assert np.abs(probabilities @ np.arange(101) - ages @ AGES).max() < 1e-3
    assert np.abs(softmax(raw["gender"]) - genders).max() < 1e-4


def test_the_saved_model_predicts_crops(model: Path, pixels: np.ndarray) -> None:
    predictor = FolderPredictor(model.parent)
    crops = [encode(crop) for crop in pixels]
    rows = predictor.predict(crops)
    assert {*rows[0]} == {"age", "age_probabilities", "age_group", "gender", "gender_probability"}
    assert len(rows[0]["age_probabilities"]) == 101
    assert len({round(row["age"], 3) for row in rows}) > 4
