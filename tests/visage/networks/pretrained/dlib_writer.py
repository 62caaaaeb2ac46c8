"""Writes networks as dlib saves them, so that tests do not need dlib's own file."""

from __future__ import annotations

import math

import numpy as np

from visage.networks.dlib_resnet import blocks, descriptor

EMPTY = (0, 0, 0, 0)


def integer(value: int) -> bytes:
    digits = abs(value).to_bytes((abs(value).bit_length() + 7) // 8 or 1, "little")
    return bytes([len(digits) | (0x80 if value < 0 else 0)]) + digits


def floats(*values: float) -> bytes:
    """Writes floats as mantissas of 24 bits and exponents."""
    parts = [math.frexp(value) for value in values]
    return b"".join(integer(int(mantissa * 2**24)) + integer(exponent - 24) for mantissa, exponent in parts)


def string(text: str) -> bytes:
    return integer(len(text)) + text.encode()


def shape(*sides: int) -> bytes:
    return b"".join(map(integer, sides))


def tensor(values: np.ndarray, *sides: int) -> bytes:
    return integer(2) + shape(*(sides or (len(values.ravel()), 1, 1, 1))) + values.astype("<f4").tobytes()


def alias(*sides: int) -> bytes:
    return integer(1) + shape(*sides)


def convolution(weights: np.ndarray, biases: np.ndarray, stride: int = 1, padding: int = 0) -> bytes:
    """Writes a convolution with weights [filters, channels, rows, columns]."""
    filters, _, rows, columns = weights.shape
    parameters = np.concatenate([weights.ravel(), biases])
    options = shape(filters, rows, columns, stride, stride, padding, padding)
    aliases = alias(*weights.shape) + alias(1, filters, 1, 1)
    return string("con_4") + tensor(parameters) + options + aliases + floats(1, 1, 1, 0)


def affine(gamma: np.ndarray, beta: np.ndarray) -> bytes:
    parameters = tensor(np.concatenate([gamma, beta]))
    return string("affine_") + parameters + alias(1, len(gamma), 1, 1) * 2 + integer(0)


def dense(weights: np.ndarray) -> bytes:
    """Writes a dense layer with weights [inputs, outputs]."""
    inputs, outputs = weights.shape
    parameters = tensor(weights, inputs, outputs, 1, 1)
    return string("fc_2") + shape(outputs, inputs) + parameters + alias(*EMPTY) * 2 + integer(1) + floats(1, 1, 1, 0)


def pooling(kind: str) -> bytes:
    return string(kind) + shape(2, 2, 2, 2, 0, 0)


def network(layers: list[bytes | None]) -> bytes:
    """Returns the file of these layers, the input's first; None is a tag."""
    versions = [3] + [1 if layer is None else 2 for layer in layers[1:]]
    head = integer(1) + string("loss_metric_2") + floats(0.04, 0.6) + b"".join(map(integer, reversed(versions)))
    head += string("input_rgb_image_sized") + floats(122.782, 117.001, 104.298) + shape(150, 150)
    state = b"101" + (integer(2) + shape(*EMPTY)) * 3
    bodies = [layer + state + (integer(1) if number == 0 else b"") for number, layer in enumerate(layers) if layer]
    return head + b"".join(bodies)


def face_network(rng: np.random.Generator) -> bytes:
    """Returns a network with random weights and the layers of dlib's face network, 22 MB."""
    import keras

    pixels = keras.Input((150, 150, 3))
    graph = keras.Model(pixels, descriptor(blocks(pixels)[-1]))
    layers: list[bytes | None] = []
    for kernel in [layer.kernel.shape for layer in graph.layers if "conv" in layer.name]:
        rows, columns, channels, filters = kernel
        weights = rng.normal(0, (rows * columns * channels) ** -0.5, (filters, channels, rows, columns))
        gamma, beta = rng.uniform(0.5, 1.5, filters), rng.normal(0, 0.1, filters)
        layers += [convolution(weights, rng.normal(0, 0.1, filters)), affine(gamma, beta), string("relu_")]
    return network([*layers, dense(rng.normal(0, 0.1, (256, 128)))])
