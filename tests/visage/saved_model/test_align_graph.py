"""The graph's alignment cuts the same crops as the library that made the training data."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.real_photos import adience_photos, group_photos
from tfds_builders.sample_portraits.image import place
from tfds_builders.sample_portraits.person import draw_age, draw_person
from tfds_builders.sample_portraits.photo import take_photo
from visage.faces.align import align as align_with_pillow
from visage.faces.detector import make_detector
from visage.faces.image_io import decode
from visage.faces.settings import AlignmentSettings
from visage.saved_model import preprocessing
from visage.saved_model.align_graph import align

# Where the eyes lie in photos of 240x200 pixels: distance and middle in fractions of the shorter side, tilt in degrees.
POSES = [(0.4, (0.5, 0.3), 0.0), (0.15, (0.4, 0.5), 20.0), (0.6, (0.5, 0.5), -8.0), (0.3, (0.05, 0.95), 40.0)]
# The largest mean difference allowed over the values of a crop.
GREY_LEVELS = 0.1


def photo_with_landmarks(pose: tuple[float, tuple[float, float], float]) -> tuple[np.ndarray, np.ndarray]:
    """Returns a drawn portrait and the true position of its eyes; landmarks that alignment ignores are 0."""
    distance, middle, tilt = pose
    rng = np.random.default_rng(4)
    sitter = place(draw_person(rng), draw_age(rng), (240, 200), distance, middle, tilt)
    photo = np.array(take_photo(240, 200, [sitter], rng))
    eyes = np.array([[-0.5, 0, 1], [0.5, 0, 1]]) @ sitter.to_image().T
    return photo, np.vstack([eyes, np.zeros((3, 2))]).astype(np.float32)


@pytest.mark.parametrize("size", [32, 64, 112])
@pytest.mark.parametrize("pose", POSES)
def test_crops_equal_the_librarys(pose: tuple[float, tuple[float, float], float], size: int) -> None:
    photo, landmarks = photo_with_landmarks(pose)
    settings = AlignmentSettings(size=size)
    in_graph = tf.function(align)(tf.constant(photo), tf.constant(landmarks), settings).numpy().astype(int)
    difference = np.abs(in_graph - align_with_pillow(photo, landmarks, settings))
    assert in_graph.shape == (size, size, 3)
    assert difference.mean() < GREY_LEVELS


@pytest.mark.real_data
@pytest.mark.parametrize("size", [64, 112, 224])
def test_crops_of_real_faces_equal_the_librarys(real_data_dir: Path, size: int) -> None:
    photos = {**adience_photos(real_data_dir, every=16), **group_photos(real_data_dir)}
    settings, detector = AlignmentSettings(size=size), make_detector("blazeface")
    cut = tf.function(lambda jpeg, landmarks: align(preprocessing.decode(jpeg), landmarks, settings))
    differences = []
    for jpeg in photos.values():
        photo = decode(jpeg)
        for face in detector.detect(photo):
            in_graph = cut(tf.constant(jpeg), tf.constant(face.landmarks)).numpy().astype(int)
            differences.append(np.abs(in_graph - align_with_pillow(photo, face.landmarks, settings)).mean())
    assert len(differences) > 60
    assert max(differences) < GREY_LEVELS


@pytest.mark.parametrize(
    "eyes",
    [[(50, 50), (50, 50)], [(0, 0), (9e9, 0)], [(float("nan"), 0), (30, 0)]],
    ids=["together", "too far apart", "not a number"],
)
def test_eyes_that_define_no_crop_are_refused(eyes: list[tuple[float, float]]) -> None:
    landmarks = tf.constant([*eyes, (0, 0), (0, 0), (0, 0)], tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="eye centres must lie apart"):
        align(tf.zeros([100, 100, 3], tf.uint8), landmarks, AlignmentSettings())
