"""A converted model computes what the network computes, for every kind of head."""

import numpy as np
import pytest

from tests.visage.tflite.networks import images, one_convolution
from visage.networks import AgeHead, GenderHead
from visage.saved_model.metadata import Calibration, HeadCalibration
from visage.tflite.convert import to_float16, to_int8
from visage.tflite.interpreter import LiteModel

HEADS: list[tuple[AgeHead | None, GenderHead | None]] = [
    ("softmax", "softmax"), ("age_groups", None), ("regression", None), ("coral", None),
    (None, "binary"),
]  # fmt: skip


@pytest.mark.parametrize(("age_head", "gender_head"), HEADS)
def test_every_head_predicts_as_the_network_does(age_head: AgeHead | None, gender_head: GenderHead | None) -> None:
    network = one_convolution(age_head, gender_head)
    seen, unseen = images(40, seed=1), images(12, seed=2)
    expected = {name: output.numpy() for name, output in network(unseen).items()}
    outputs = LiteModel(to_int8(network, seen))(unseen)
    shapes = {name: output.shape for name, output in expected.items()}
    assert {name: output.shape for name, output in outputs.items()} == shapes
    for name, output in outputs.items():
        spread = np.ptp(expected[name])
        assert spread > 0.1
        assert np.abs(output - expected[name]).mean() < 0.05 * spread, name


def test_tta_flip_predicts_as_the_served_model_does() -> None:
    crops = images(4, seed=5)
    network = one_convolution(tta_flip=True)
    content = to_float16(network)
    outputs, mirrored = LiteModel(content)(crops), LiteModel(content)(crops[:, :, ::-1])
    np.testing.assert_allclose(outputs["age"], network(crops)["age"], atol=0.1)
    np.testing.assert_allclose(outputs["age"], mirrored["age"], atol=1e-3)
    assert np.abs(one_convolution()(crops)["age"] - network(crops)["age"]).max() > 1


@pytest.mark.parametrize("age_head", ["softmax", "coral"])
def test_temperatures_are_converted_with_the_network(age_head: AgeHead) -> None:
    calibration = Calibration(age=HeadCalibration(3.0), gender=HeadCalibration(0.5))
    network, plain = (one_convolution(age_head, calibration=some) for some in (calibration, None))
    seen, unseen = images(40, seed=1), images(12, seed=2)
    expected = {name: answer.numpy() for name, answer in network(unseen).items()}
    for content, closeness in ((to_float16(network), 0.01), (to_int8(network, seen), 0.05)):
        for name, answer in LiteModel(content)(unseen).items():
            assert np.abs(answer - expected[name]).mean() < closeness * np.ptp(expected[name]), name
    for name, uncalibrated in plain(unseen).items():
        assert np.abs(uncalibrated - expected[name]).max() > 0.1 * np.ptp(uncalibrated), name
