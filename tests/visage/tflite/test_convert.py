"""A converted model computes what the network computes, for every kind of head."""

import numpy as np
import pytest

from tests.visage.tflite.networks import images, one_convolution
from visage.networks import AgeHead, GenderHead
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
