"""Reads a network that dlib has saved (.dat), without dlib.

The format, as dlib writes it (dlib/serialize.h, float_details.h, dnn/core.h, dnn/layers.h, versions 19 and 20):

- integer: a control byte (bit 7 the sign, the low four bits how many bytes follow), then its bytes, lowest first;
- float: two integers, mantissa and exponent of two; string: its length as an integer, then its bytes;
- bool: "0" or "1";
- tensor: the integer 2, four integers (samples, channels, rows, columns), then float32, lowest byte first.

A network is nested from its loss, which is written first, inwards to its input. A layer writes its version and then the
layer within it, so the file starts with all versions; the content of each layer follows, from the input outwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visage.errors import VisageError, quoted

# Versions with which dlib marks nested layers.
_TAG_OR_SKIP, _LAYER, _INPUT = 1, 2, 3


@dataclass(frozen=True)
class Convolution:
    """A convolution: weights [filters, channels, rows, columns] and biases [filters]."""

    weights: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class Affine:
    """A frozen batch normalization: a factor and an offset for each channel."""

    gamma: np.ndarray
    beta: np.ndarray


@dataclass(frozen=True)
class Dense:
    """A dense layer: weights [inputs, outputs]; no bias."""

    weights: np.ndarray


@dataclass(frozen=True)
class Weightless:
    """A layer without weights, by dlib's name for it: `relu_`, `max_pool_2`, `add_prev_`, `tag`, ..."""

    kind: str


Layer = Convolution | Affine | Dense | Weightless


def read_layers(path: Path) -> list[Layer]:
    """Reads the layers of a network saved with a metric loss and an RGB input of fixed size, from the input outwards.

    Raises:
        VisageError: the file cannot be read, is cut short or damaged, or holds another kind of network.
    """
    try:
        return _layers(_Reader(path.read_bytes()))
    except OSError as error:
        raise VisageError(f"{path}: cannot be read: {error.strerror}") from None
    except _DamageError as damage:
        raise VisageError(f"{path}: no face network as dlib saves it: {damage}; download the file again") from None


class _DamageError(Exception):
    """Raised with the part of the file that does not fit, and its position."""


class _Reader:
    """A file's bytes, read value by value from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Returns the number of bytes not read yet."""
        return len(self._data) - self._at

    def damage(self, what: str) -> _DamageError:
        return _DamageError(f"{what} at byte {self._at}")

    def raw(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise self.damage(f"{count} bytes are announced and {self.left} left")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        (control,) = self.raw(1)
        size = control & 0x0F
        if control & 0x70 or size > 8:
            raise self.damage("not an integer")
        value = int.from_bytes(self.raw(size), "little")
        return -value if control & 0x80 else value

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def skip_floats(self, count: int) -> None:
        self.integers(2 * count)

    def skip_bools(self, count: int) -> None:
        if self.raw(count).strip(b"01"):
            raise self.damage("not true or false")

    def string(self) -> str:
        return self.raw(self.integer()).decode("ascii", errors="replace")

    def one_of(self, *allowed: int) -> int:
        value = self.integer()
        if value not in allowed:
            raise self.damage(f"{value} where one of {allowed} is expected")
        return value

    def tensor(self) -> np.ndarray:
        self.one_of(2)
        shape = self._shape()
        return np.frombuffer(self.raw(4 * math.prod(shape)), "<f4").reshape(shape)

    def alias(self) -> list[int]:
        """Reads the shape of a part of a tensor."""
        self.one_of(1)
        return self._shape()

    def _shape(self) -> list[int]:
        shape = self.integers(4)
        if min(shape) < 0 or math.prod(max(side, 1) for side in shape) > len(self._data):
            raise self.damage(f"a shape {shape}")
        return shape


def _layers(reader: _Reader) -> list[Layer]:
    reader.one_of(1)
    if not reader.string().startswith("loss_metric"):
        raise reader.damage("another loss than loss_metric")
    reader.skip_floats(2)  # its margin and threshold
    versions = _versions(reader)
    if reader.string() != "input_rgb_image_sized":
        raise reader.damage("another input than input_rgb_image_sized")
    reader.skip_floats(3)  # mean colour
    reader.integers(2)  # rows and columns
    layers = [Weightless("tag") if version == _TAG_OR_SKIP else _layer(reader, version) for version in versions]
    if reader.left:
        raise reader.damage(f"{reader.left} bytes too many")
    return layers


def _versions(reader: _Reader) -> list[int]:
    """Reads the versions and returns them from the input outwards."""
    versions: list[int] = []
    while _INPUT not in versions:
        versions.append(reader.one_of(_TAG_OR_SKIP, _LAYER, _INPUT))
    return versions[::-1]


def _layer(reader: _Reader, version: int) -> Layer:
    layer = _details(reader)
    reader.skip_bools(3)
    for _ in range(3):  # gradients and the last output
        reader.tensor()
    if version == _INPUT:
        reader.integer()  # number of samples for each input
    return layer


def _details(reader: _Reader) -> Layer:
    kind = reader.string()
    if kind in ("con_4", "con_5"):
        return _convolution(reader, kind)
    if kind in ("affine_", "affine_2"):
        return _affine(reader, kind)
    if kind in ("fc_2", "fc_3"):
        return _dense(reader, kind)
    if kind in ("max_pool_2", "avg_pool_2"):
        reader.integers(6)  # size, stride, padding
    elif kind not in ("relu_", "add_prev_"):
        raise reader.damage(f"an unknown layer {quoted(kind)}")
    return Weightless(kind)


def _convolution(reader: _Reader, kind: str) -> Convolution:
    parameters = reader.tensor().ravel()
    reader.integers(7)  # filters, size, stride, padding
    shape, bias_shape = reader.alias(), reader.alias()
    reader.skip_floats(4)  # multipliers of learning rate and weight decay
    if kind == "con_5":
        reader.skip_bools(1)
    size, filters = math.prod(shape), shape[0]
    has_bias = parameters.size == size + math.prod(bias_shape)
    if parameters.size != size and not has_bias:
        raise reader.damage(f"a convolution {shape} of {parameters.size} numbers")
    biases = parameters[size:] if has_bias else np.zeros(filters, np.float32)
    return Convolution(parameters[:size].reshape(shape), biases)


def _affine(reader: _Reader, kind: str) -> Affine:
    parameters = reader.tensor().ravel()
    size = math.prod(reader.alias())
    reader.alias()
    reader.integer()  # for a convolution or a dense layer
    if kind == "affine_2":
        reader.skip_bools(1)
    if parameters.size != 2 * size:
        raise reader.damage(f"an affine layer of {size} channels and {parameters.size} numbers")
    return Affine(parameters[:size], parameters[size:])


def _dense(reader: _Reader, kind: str) -> Dense:
    outputs, inputs = reader.integers(2)
    parameters = reader.tensor().ravel()
    reader.alias(), reader.alias()
    reader.integer()  # with or without a bias
    reader.skip_floats(4)
    if kind == "fc_3":
        reader.skip_bools(1)
    if parameters.size != inputs * outputs:
        raise reader.damage(f"a dense layer {inputs}x{outputs} of {parameters.size} numbers")
    return Dense(parameters.reshape(inputs, outputs))
