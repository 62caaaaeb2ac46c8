"""The three signatures of an exported SavedModel return the same predictions for the same JPEG bytes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people
from tests.helpers.trained_model import ALIGNMENT, TrainerRun
from tests.visage.saved_model.test_align_graph import POSES, photo_with_landmarks
from visage.data.labels import AGE_GROUPS, GENDERS
from visage.data.records import to_example
from visage.faces.encode import encode
from visage.faces.settings import AlignmentSettings
from visage.networks import NETWORKS
from visage.saved_model.export import export
from visage.saved_model.signatures import FaceModel

Signatures = dict[str, Any]


@pytest.fixture(scope="module")
def compact(trainer_run: TrainerRun) -> Signatures:
    return load(trainer_run.saved_model)


@pytest.fixture(scope="module")
def cnn_utkface(tmp_path_factory: pytest.TempPathFactory) -> Signatures:
    """Returns the untrained network as a SavedModel."""
    directory = tmp_path_factory.mktemp("model") / "1"
    export(NETWORKS["cnn_utkface"].build(), NETWORKS["cnn_utkface"], AlignmentSettings(size=96), str(directory))
    return load(directory)


def load(directory: Path) -> Signatures:
    model = tf.saved_model.load(str(directory))
    # The functions live only as long as the model that they belong to.
    return {**model.signatures, "model": model}


@pytest.mark.parametrize("network", ["compact", "cnn_utkface"])
def test_predictions_have_their_types_shapes_and_ranges(network: str, request: pytest.FixtureRequest) -> None:
    signatures: Signatures = request.getfixturevalue(network)
    crops = [record.image for record in people(5, seed=9)]
    outputs = signatures["serving_default"](image_bytes=tf.constant(crops))
    assert {name: (value.dtype.name, tuple(value.shape)) for name, value in outputs.items()} == {
        "age": ("float32", (5,)),
        "age_probabilities": ("float32", (5, 101)),
        "age_group": ("string", (5,)),
        "gender": ("string", (5,)),
        "gender_probability": ("float32", (5,)),
    }
    probabilities = outputs["age_probabilities"].numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(outputs["age"], probabilities @ np.arange(101), rtol=1e-4)
    assert {group.decode() for group in outputs["age_group"].numpy()} <= set(AGE_GROUPS)
    male = outputs["gender_probability"].numpy() > 0.5
    assert [gender.decode() for gender in outputs["gender"].numpy()] == [GENDERS[int(one)] for one in male]


def test_a_short_training_orders_old_and_young(compact: Signatures) -> None:
    records = people(40, seed=12)
    outputs = compact["serving_default"](image_bytes=tf.constant([record.image for record in records]))
    old = np.array([(record.age or 0) > 60 for record in records])
    young = np.array([0 < (record.age or 0) < 20 for record in records])
    assert outputs["age"].numpy()[old].mean() > outputs["age"].numpy()[young].mean()


def test_examples_get_the_predictions_of_their_crops(compact: Signatures) -> None:
    records = people(3, seed=9)
    by_bytes = compact["serving_default"](image_bytes=tf.constant([record.image for record in records]))
    by_example = compact["evaluate"](examples=tf.constant([to_example(record) for record in records]))
    for name, value in by_bytes.items():
        np.testing.assert_array_equal(value, by_example[name])


def test_pixels_get_the_predictions_of_their_jpeg(compact: Signatures) -> None:
    crops = [record.image for record in people(3, seed=9)]
    pixels = tf.stack([tf.io.decode_jpeg(crop, dct_method="INTEGER_ACCURATE") for crop in crops])
    outputs = compact["model"].from_pixels(pixels)
    assert sorted(outputs) == ["age", "age_probabilities", "gender_probability"]
    for name, value in compact["serving_default"](image_bytes=tf.constant(crops)).items():
        if name in outputs:  # the two graphs are optimized apart, and may round the last digit differently
            np.testing.assert_allclose(value, outputs[name], rtol=1e-5)


def test_the_error_of_a_batch_names_the_rows_that_are_no_jpeg(compact: Signatures) -> None:
    good = people(1, seed=9)[0].image
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"no JPEG.*\[1 2\]"):
        compact["serving_default"](image_bytes=tf.constant([good, b"hello", b"", good]))


def test_a_truncated_jpeg_is_refused(compact: Signatures) -> None:
    good = people(1, seed=9)[0].image
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid JPEG data"):
        compact["serving_default"](image_bytes=tf.constant([good[: len(good) // 2]]))


def header_only(width: int, height: int) -> bytes:
    """Returns a few hundred bytes of JPEG whose header announces that many pixels."""
    jpeg = encode(np.zeros((8, 8, 3), np.uint8), 95)
    frame = jpeg.index(b"\xff\xc0") + 5  # After the marker, its length and the precision come height and width.
    return jpeg[:frame] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[frame + 4 :]


@pytest.mark.parametrize(("width", "height"), [(2001, 2000), (65500, 65500)])
def test_a_crop_that_announces_too_many_pixels_is_never_decoded(compact: Signatures, width: int, height: int) -> None:
    good = people(1, seed=9)[0].image
    with pytest.raises(tf.errors.InvalidArgumentError, match="a JPEG of more than 4 million pixels"):
        compact["serving_default"](image_bytes=tf.constant([good, header_only(width, height)]))


def test_photos_may_be_larger_than_crops_up_to_a_limit(compact: Signatures) -> None:
    photo, landmarks = photo_with_landmarks(POSES[0])
    large = encode(np.pad(photo, ((0, 2001), (0, 2000), (0, 0))), 95)
    compact["align_and_predict"](image_bytes=tf.constant([large]), landmarks=landmarks[None])
    with pytest.raises(tf.errors.InvalidArgumentError, match="a JPEG of more than 64 million pixels"):
        compact["align_and_predict"](image_bytes=tf.constant([header_only(8001, 8000)]), landmarks=landmarks[None])


def test_landmarks_must_be_as_many_as_photos(compact: Signatures) -> None:
    good = people(1, seed=9)[0].image
    with pytest.raises(tf.errors.InvalidArgumentError, match="one set of landmarks"):
        compact["align_and_predict"](image_bytes=tf.constant([good, good]), landmarks=tf.ones([1, 5, 2]))


def test_the_model_records_its_alignment_for_clients(trainer_run: TrainerRun) -> None:
    description = json.loads((trainer_run.saved_model / "assets.extra" / "visage.json").read_text())
    assert AlignmentSettings.model_validate(description.pop("alignment")) == ALIGNMENT
    del description["learned_from"]
    network = {"network": "compact", "input_size": 64, "channels": 3, "tta_flip": False, "parameters": 231_270}
    assert description == {**network, "calibration": None, "third_party": None}


def test_a_tta_flip_model_returns_the_mean_over_an_image_and_its_mirror_image() -> None:
    pixels = keras.Input((64, 64, 3))
    sides = keras.layers.AveragePooling2D(32)(pixels / 64.0)
    outputs = {"age": keras.layers.Dense(101), "gender": keras.layers.Dense(1)}
    flat = keras.layers.Flatten()(sides)
    network = keras.Model(pixels, {name: layer(flat) for name, layer in outputs.items()})
    # Stripes as wide as JPEG's blocks, which it keeps alike in the mirror image.
    crop = np.repeat(np.random.default_rng(0).integers(0, 256, (64, 4, 3), np.uint8), 16, axis=1)
    crop[:, :32] //= 4
    images = tf.constant([encode(crop, 100), encode(crop[:, ::-1], 100)])
    specs = [replace(NETWORKS["compact"], tta_flip=averaged) for averaged in (False, True)]
    models = [FaceModel(network, spec, ALIGNMENT) for spec in specs]

    plain, averaged = (model.serving_default(images) for model in models)

    for name in ("age_probabilities", "gender_probability"):
        image, mirrored = plain[name].numpy()
        assert np.abs(image - mirrored).max() > 0.01
        np.testing.assert_allclose(averaged[name], [(image + mirrored) / 2] * 2, atol=1e-3)
