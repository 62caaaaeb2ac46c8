"""The graph divides logits by the temperatures, for every signature and head; the weights are those of the network."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import ALIGNMENT
from tests.visage.saved_model.test_align_graph import POSES, photo_with_landmarks
from visage.data.labels import GENDERS
from visage.data.records import to_example
from visage.faces.encode import encode
from visage.networks import NETWORKS, AgeHead, GenderHead, NetworkSpec
from visage.networks.heads import age_probabilities, dense_outputs, male_logit
from visage.saved_model.export import export
from visage.saved_model.metadata import Calibration, HeadCalibration, read_metadata
from visage.saved_model.signatures import FaceModel
from visage.tflite.network import load_network
from visage.training.batches import open_split
from visage.training.initialization.blessed_weights import load_blessed_weights
from visage.training.predict_teacher import predict_teacher
from visage.training.recipe.distillation_settings import DistillationSettings
from visage.training.settings import TrainerSettings

CALIBRATION = Calibration(age=HeadCalibration(2.5, 150, 3.1, 3.0), gender=HeadCalibration(0.4, 150, 0.5, 0.4))
COMPACT = NETWORKS["compact"]


def tiny(spec: NetworkSpec, seed: int = 2) -> keras.Model:
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((64, 64, 3))
    features = keras.layers.Flatten()(keras.layers.AveragePooling2D(16)(pixels / 64.0))
    return keras.Model(pixels, dense_outputs(features, spec.age_head, spec.gender_head), name=spec.name)


@pytest.mark.parametrize("tta_flip", [False, True])
@pytest.mark.parametrize(
    ("age_head", "gender_head"),
    [
        ("softmax", "softmax"), ("label_distribution", "binary"), ("age_groups", None), ("coral", None),
        (None, "binary"), ("regression", "softmax"),
    ],
)  # fmt: skip
def test_probabilities_are_those_of_scaled_logits(
    age_head: AgeHead | None, gender_head: GenderHead | None, tta_flip: bool
) -> None:
    spec = replace(COMPACT, age_head=age_head, gender_head=gender_head, tta_flip=tta_flip)
    network, calibration = tiny(spec), CALIBRATION
    if age_head == "regression":
        calibration = replace(calibration, age=None)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    outputs = FaceModel(network, spec, ALIGNMENT, calibration).from_pixels(pixels)

    views = [pixels, pixels[:, :, ::-1]] if tta_flip else [pixels]
    raws = [network(view.astype(np.float32), training=False) for view in views]
    if age_head is not None:
        scale = 1.0 if age_head == "regression" else 2.5
        expected = np.mean([age_probabilities(raw["age"] / scale, age_head) for raw in raws], axis=0)
        np.testing.assert_allclose(outputs["age_probabilities"], expected, atol=1e-5)
    if gender_head is not None:
        males = np.mean([tf.sigmoid(male_logit(raw["gender"], gender_head) / 0.4) for raw in raws], axis=0)
        np.testing.assert_allclose(outputs["gender_probability"], males, atol=1e-5)


def test_a_temperature_of_1_adds_nothing_to_the_graph() -> None:
    unscaled = Calibration(HeadCalibration(), HeadCalibration())
    graphs = [
        FaceModel(tiny(COMPACT), COMPACT, ALIGNMENT, calibration).from_pixels.get_concrete_function().graph
        for calibration in (None, unscaled, CALIBRATION)
    ]
    plain, same, scaled = ([operation.type for operation in graph.get_operations()] for graph in graphs)
    assert plain == same
    assert len(scaled) > len(plain)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Returns a calibrated SavedModel and an uncalibrated one of the same network."""
    folder = tmp_path_factory.mktemp("models")
    network = tiny(COMPACT)
    for name, calibration in (("calibrated", CALIBRATION), ("plain", None)):
        export(network, COMPACT, ALIGNMENT, str(folder / name / "1"), calibration=calibration)
    return folder / "calibrated" / "1", folder / "plain" / "1"


def scaled(outputs: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
    """Returns the outputs of the uncalibrated model, scaled afterwards."""
    ages, male = outputs["age_probabilities"].numpy(), outputs["gender_probability"].numpy()
    powers = ages ** (1 / 2.5)
    odds = (male / (1 - male)) ** (1 / 0.4)
    return {"age_probabilities": powers / powers.sum(axis=1, keepdims=True), "gender_probability": odds / (1 + odds)}


def test_all_signatures_and_pixels_are_scaled_and_no_gender_changes(models: tuple[Path, Path]) -> None:
    records = people(8, seed=9)
    crops = tf.constant([record.image for record in records])
    photo, landmarks = photo_with_landmarks(POSES[0])
    photos = {"image_bytes": tf.constant([encode(photo, 95)]), "landmarks": tf.constant(landmarks[None], tf.float32)}
    pixels = tf.stack([tf.io.decode_jpeg(crop, dct_method="INTEGER_ACCURATE") for crop in crops])
    calibrated, plain = (tf.saved_model.load(str(folder)) for folder in models)
    for signature, inputs in {
        "serving_default": {"image_bytes": crops},
        "evaluate": {"examples": tf.constant([to_example(record) for record in records])},
        "align_and_predict": photos,
    }.items():
        outputs, before = (model.signatures[signature](**inputs) for model in (calibrated, plain))
        for name, expected in scaled(before).items():
            np.testing.assert_allclose(outputs[name], expected, rtol=1e-3, atol=1e-6)
        male = before["gender_probability"].numpy() > 0.5
        assert [gender.decode() for gender in outputs["gender"].numpy()] == [GENDERS[int(one)] for one in male]
    for name, expected in scaled(load_network(models[1])(pixels)).items():
        np.testing.assert_allclose(load_network(models[0])(pixels)[name], expected, rtol=1e-3, atol=1e-6)


def test_the_description_has_the_temperatures_and_the_likelihoods(models: tuple[Path, Path]) -> None:
    assert [read_metadata(folder).calibration for folder in models] == [CALIBRATION, None]


def test_a_warm_start_gets_the_weights_of_the_network(models: tuple[Path, Path]) -> None:
    networks = [tiny(COMPACT, seed=number) for number in (3, 4)]
    for network, folder in zip(networks, models, strict=True):
        load_blessed_weights(network, str(folder))
    for one, other in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_student_learns_the_calibrated_predictions(models: tuple[Path, Path], tmp_path: Path) -> None:
    write_split(tmp_path, "train", people(8, seed=9))
    split = open_split("train", [f"{tmp_path}/Split-train/*"])
    settings = TrainerSettings(network="compact", epochs=1, learning_rate=0.1)
    calibrated, plain = (
        predict_teacher(
            split, settings.model_copy(update={"distillation": DistillationSettings(teacher=str(folder.parent))})
        )
        for folder in models
    )
    outputs = tf.saved_model.load(str(models[0])).signatures["serving_default"]
    jpegs = [tf.constant([one.image for one in people(8, seed=9)])]
    jpegs.append(tf.stack([tf.io.encode_jpeg(tf.io.decode_jpeg(one)[:, ::-1], quality=100) for one in jpegs[0]]))
    expected = np.mean([outputs(image_bytes=side)["gender_probability"] for side in jpegs], axis=0)
    np.testing.assert_allclose(calibrated.by_output["gender"], expected, atol=0.02)
    assert np.abs(calibrated.by_output["gender"] - plain.by_output["gender"]).max() > 0.1
    assert np.abs(calibrated.by_output["age"] - plain.by_output["age"]).max() > 0.01
