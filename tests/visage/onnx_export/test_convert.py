"""An ONNX model computes what the network computes, for every kind of head and any number of images."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.helpers.extra_packages import importable
from tests.visage.tflite.networks import images, one_convolution
from visage.errors import VisageError
from visage.networks import AgeHead, GenderHead
from visage.onnx_export import convert
from visage.onnx_export.convert import to_onnx
from visage.onnx_export.runtime import load, one_thread
from visage.saved_model.metadata import Calibration, HeadCalibration

pytestmark = pytest.mark.one_stack

HEADS: list[tuple[AgeHead | None, GenderHead | None]] = [
    ("label_distribution", "binary"), ("softmax", "softmax"), ("age_groups", None), ("regression", None),
    ("coral", None), (None, "binary"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def packages() -> Iterator[None]:
    with importable("onnx"):
        yield


@pytest.mark.parametrize(("age_head", "gender_head"), HEADS)
def test_every_head_predicts_as_the_network_does(age_head: AgeHead | None, gender_head: GenderHead | None) -> None:
    network = one_convolution(age_head, gender_head, tta_flip=age_head == "softmax")
    model = load(to_onnx(network))
    for count in (1, 5):
        pixels = images(count, seed=2)
        expected = {name: output.numpy() for name, output in network(pixels).items()}
        outputs = model(pixels)
        assert {name: output.shape for name, output in outputs.items()} == {
            name: output.shape for name, output in expected.items()
        }
        for name, output in outputs.items():
            assert np.abs(output - expected[name]).max() < 1e-4 * max(1, np.abs(expected[name]).max()), name


def test_temperatures_are_converted_with_the_network() -> None:
    calibration = Calibration(age=HeadCalibration(3.0), gender=HeadCalibration(0.5))
    pixels = images(4, seed=3)
    network = one_convolution("softmax", calibration=calibration)
    outputs = one_thread(to_onnx(network))(pixels)
    np.testing.assert_allclose(outputs["age"], network(pixels)["age"], atol=1e-3)
    assert np.abs(outputs["age"] - one_convolution("softmax")(pixels)["age"]).max() > 0.1


def test_a_network_that_cannot_be_converted_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Converter:
        @staticmethod
        def from_function(*_: object, **__: object) -> None:
            raise KeyError("Betainc")

    monkeypatch.setattr(convert.importlib, "import_module", lambda name: Converter)
    with pytest.raises(VisageError, match=r"tf2onnx cannot convert this network .*docs/onnx\.md"):
        to_onnx(one_convolution())
