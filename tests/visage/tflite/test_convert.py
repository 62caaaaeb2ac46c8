"""What a device computes is what the network computes, whatever it learns."""

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
def test_every_head_is_answered_as_the_network_answers_it(
    age_head: AgeHead | None, gender_head: GenderHead | None
) -> None:
    network = one_convolution(age_head, gender_head)
    seen, unseen = images(40, seed=1), images(12, seed=2)
    expected = {name: answer.numpy() for name, answer in network(unseen).items()}
    answers = LiteModel(to_int8(network, seen))(unseen)
    shapes = {name: answer.shape for name, answer in expected.items()}
    assert {name: answer.shape for name, answer in answers.items()} == shapes
    for name, answer in answers.items():
        spread = np.ptp(expected[name])
        assert spread > 0.1
        assert np.abs(answer - expected[name]).mean() < 0.05 * spread, name


def test_an_image_and_its_mirror_image_are_averaged_as_the_served_model_does() -> None:
    crops = images(4, seed=5)
    network = one_convolution(tta_flip=True)
    content = to_float16(network)
    answers, mirrored = LiteModel(content)(crops), LiteModel(content)(crops[:, :, ::-1])
    np.testing.assert_allclose(answers["age"], network(crops)["age"], atol=0.1)
    np.testing.assert_allclose(answers["age"], mirrored["age"], atol=1e-3)
    assert np.abs(one_convolution()(crops)["age"] - network(crops)["age"]).max() > 1
