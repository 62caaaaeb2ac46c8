"""A whole photo gets the same predictions as the crop that the library cuts from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import write_split
from tests.helpers.real_photos import adience_photos, group_photos
from tests.helpers.trained_model import ALIGNMENT, run_trainer
from tfds_builders.sample_portraits.image import place
from tfds_builders.sample_portraits.person import draw_age, draw_person
from tfds_builders.sample_portraits.photo import take_photo
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.faces.align import align
from visage.faces.detector import make_detector
from visage.faces.encode import encode
from visage.faces.image_io import decode
from visage.training.settings import TrainerSettings

SETTINGS = TrainerSettings(network="compact", epochs=8, batch_size=16, learning_rate=3e-3)
YEARS = 0.5
WIDTH, HEIGHT = 180, 200


def portrait(number: int) -> tuple[np.ndarray, np.ndarray, FaceRecord]:
    """A drawn photo, the landmarks of its face (the nose and mouth are 0), and the record of its crop."""
    rng = np.random.default_rng((3, number))
    person, age = draw_person(rng), draw_age(rng)
    distance, tilt = rng.uniform(0.2, 0.5), rng.uniform(-30, 30)
    sitter = place(person, age, (WIDTH, HEIGHT), distance, (rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5)), tilt)
    photo = np.array(take_photo(WIDTH, HEIGHT, [sitter], rng))
    eyes = np.array([[-0.5, 0, 1], [0.5, 0, 1]]) @ sitter.to_image().T
    landmarks = np.vstack([eyes, np.zeros((3, 2))]).astype(np.float32)
    record = FaceRecord(
        image=encode(align(photo, landmarks, ALIGNMENT)),
        key=str(number),
        age_label=AgeInterval.exact(age),
        gender=person.gender,
        identity=f"utkface/{number}",
        source="utkface",
    )
    return photo, landmarks, record


@pytest.fixture(scope="module")
def signatures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`compact`, trained on drawn portraits until ages differ with the face."""
    folder = tmp_path_factory.mktemp("portrait_model")
    write_split(folder / "examples", "train", [portrait(number)[2] for number in range(160)])
    write_split(folder / "examples", "val", [portrait(number)[2] for number in range(160, 192)])
    run_trainer(folder, SETTINGS)
    model = tf.saved_model.load(str(folder / "model" / "Format-Serving"))
    # The functions live only as long as the model that they belong to.
    return {**model.signatures, "model": model}


def test_drawn_photos(signatures: dict[str, Any]) -> None:
    drawn = [portrait(number) for number in range(200, 240)]
    assert_same_predictions(signatures, [encode(photo) for photo, _, _ in drawn], [points for _, points, _ in drawn])


@pytest.mark.real_data
def test_real_photos(real_data_dir: Path, signatures: dict[str, Any]) -> None:
    detector = make_detector("blazeface")
    photos = {**adience_photos(real_data_dir, every=16), **group_photos(real_data_dir)}.values()
    faces = [(photo, face.landmarks) for photo in photos for face in detector.detect(decode(photo))]
    assert_same_predictions(signatures, [photo for photo, _ in faces], [landmarks for _, landmarks in faces])


def assert_same_predictions(
    signatures: dict[str, Any], photos: Sequence[bytes], landmarks: Sequence[np.ndarray]
) -> None:
    """Predicts for whole photos and for the crops that the library cuts from them, and compares."""
    pairs = zip(photos, landmarks, strict=True)
    crops = [encode(align(decode(photo), points, ALIGNMENT), ALIGNMENT.jpeg_quality) for photo, points in pairs]
    by_photo = signatures["align_and_predict"](image_bytes=tf.constant(photos), landmarks=tf.constant(landmarks))
    by_crop = signatures["serving_default"](image_bytes=tf.constant(crops))
    differences = np.abs(by_photo["age"] - by_crop["age"])
    assert by_crop["age"].numpy().std() > 4 * YEARS
    assert differences.mean() < YEARS
    assert np.abs(by_photo["gender_probability"] - by_crop["gender_probability"]).mean() < 0.01
