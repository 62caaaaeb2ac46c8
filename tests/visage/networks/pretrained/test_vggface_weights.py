"""All convolutions but the last are loaded from VGG-Face's published file; another file is an error of one line."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from visage.errors import VisageError
from visage.networks.pretrained.weights import load_weights


def small_vggface() -> keras.Model:
    """Builds a network with a few of the layers of `vggface`, by their names."""
    layers = keras.layers
    pixels = keras.Input((4, 4, 3))
    x = layers.Dropout(0.5)(layers.Conv2D(2, 3, name="conv1_1")(pixels))
    x = layers.Conv2D(5, 2, name="fc6")(x)
    x = layers.Flatten(name="age")(layers.Conv2D(101, 1, name="age_predictions")(x))
    return keras.Model(pixels, {"age": x}, name="vggface")


def write_published(path: Path, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Writes weights of a sequential model as Keras 2 did, with the paddings; returns the kernels."""
    rng = np.random.default_rng(1)
    kernels = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    with h5py.File(path, "w") as file:
        names = []
        for number, kernel in enumerate(kernels):
            names += [f"zero_padding2d_{number}", f"conv2d_{number}"]
            file.create_group(names[-2]).attrs["weight_names"] = np.array([], "S9")
            group = file.create_group(names[-1])
            group.attrs["weight_names"] = np.array([f"conv2d_{number}/kernel:0", f"conv2d_{number}/bias:0"], "S")
            group[f"conv2d_{number}/kernel:0"] = kernel
            group[f"conv2d_{number}/bias:0"] = np.full(kernel.shape[-1], number, np.float32)
        file.attrs["layer_names"] = np.array(names, "S")
    return kernels


PUBLISHED: list[tuple[int, ...]] = [(3, 3, 3, 2), (2, 2, 2, 5), (1, 1, 5, 2622)]


def test_all_convolutions_but_the_last_are_the_published_ones(tmp_path: Path) -> None:
    network = small_vggface()
    last = network.get_layer("age_predictions").get_weights()
    kernels = write_published(tmp_path / "vgg_face_weights.h5", PUBLISHED)
    load_weights(network, str(tmp_path / "vgg_face_weights.h5"))
    for number, name in enumerate(("conv1_1", "fc6")):
        kernel, bias = network.get_layer(name).get_weights()
        np.testing.assert_array_equal(kernel, kernels[number])
        np.testing.assert_array_equal(bias, number)
    for before, after in zip(last, network.get_layer("age_predictions").get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("shapes", [PUBLISHED[:2], [(3, 3, 3, 4), *PUBLISHED[1:]]], ids=["too few", "another shape"])
def test_a_file_of_another_network_is_an_error_of_one_line(tmp_path: Path, shapes: list[tuple[int, ...]]) -> None:
    path = tmp_path / "other.h5"
    write_published(path, shapes)
    with pytest.raises(VisageError) as error:
        load_weights(small_vggface(), str(path))
    assert str(error.value).startswith(f"trainer.weights: {path} does not hold the weights of this vggface: ")
    assert "\n" not in str(error.value)


def test_the_error_of_a_missing_file_names_its_source(tmp_path: Path) -> None:
    path = tmp_path / "vgg_face_weights.h5"
    with pytest.raises(VisageError) as error:
        load_weights(small_vggface(), str(path))
    assert str(error.value).startswith(f"trainer.weights: there is no file {path}; vggface starts from VGG-Face's own")
    assert "https://sefiks.com/" in str(error.value)
    assert "dlib's and imagenet's weights do not fit" in str(error.value)
