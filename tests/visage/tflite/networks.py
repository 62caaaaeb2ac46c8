"""Small networks that convert quickly."""

import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.helpers.trained_model import ALIGNMENT
from visage.networks import NETWORKS, AgeHead, GenderHead, NetworkSpec
from visage.networks.heads import dense_outputs
from visage.saved_model.metadata import Calibration
from visage.saved_model.signatures import FaceModel
from visage.tflite.network import Network, load_network

SIZE = 32


def one_convolution(
    age_head: AgeHead | None = "label_distribution",
    gender_head: GenderHead | None = "binary",
    tta_flip: bool = False,
    calibration: Calibration | None = None,
    size: int = SIZE,
) -> Network:
    """Builds a random convolution, and heads whose ages differ by years from image to image."""
    keras.utils.set_random_seed(3)
    pixels = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(8, 5, strides=4, activation="relu")(pixels / 255.0)
    network = keras.Model(pixels, dense_outputs(keras.layers.Flatten()(x) * 6.0, age_head, gender_head))
    spec = replace(NETWORKS["compact"], input_size=size, age_head=age_head, gender_head=gender_head)
    return exported(network, replace(spec, tta_flip=tta_flip), calibration)


def exported(network: keras.Model, spec: NetworkSpec, calibration: Calibration | None = None) -> Network:
    """Returns a network loaded from a SavedModel."""
    with tempfile.TemporaryDirectory() as folder:
        save(network, spec, Path(folder), calibration)
        return load_network(Path(folder))


def save(network: keras.Model, spec: NetworkSpec, folder: Path, calibration: Calibration | None = None) -> None:
    """Writes what the Trainer's export writes, except the signatures, which take seconds and which no device uses."""
    module = tf.Module()
    module.network = network
    module.from_pixels = FaceModel(network, spec, ALIGNMENT, calibration).from_pixels
    tf.saved_model.save(module, str(folder))


def images(count: int, seed: int, size: int = SIZE) -> np.ndarray:
    """Draws squares of random colours: uint8 [count, size, size, 3]."""
    colours = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return colours.repeat(size // 4, axis=1).repeat(size // 4, axis=2)
