"""dlib's files are read without dlib; any other file is an error of one line."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.visage.networks.pretrained import dlib_writer as dlib
from visage.errors import VisageError
from visage.networks.pretrained.dlib_file import Affine, Convolution, Dense, Weightless, _DamageError, _Reader
from visage.networks.pretrained.dlib_file import read_layers as read

KERNEL = np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3)
GAMMA, BETA = np.array([1.5, -2.0], np.float32), np.array([0.25, 4.0], np.float32)
DENSE = np.arange(8, dtype=np.float32).reshape(2, 4)
TINY = dlib.network(
    [
        dlib.convolution(KERNEL, BETA, stride=2),
        dlib.affine(GAMMA, BETA),
        dlib.string("relu_"),
        None,
        dlib.pooling("avg_pool_2"),
        dlib.dense(DENSE),
    ]
)


def refusal(tmp_path: Path, data: bytes) -> str:
    (tmp_path / "net.dat").write_bytes(data)
    with pytest.raises(VisageError, match=r"net\.dat: no face network as dlib saves it: .*; download ") as error:
        read(tmp_path / "net.dat")
    return str(error.value)


def test_a_network_is_read_from_its_input_outwards(tmp_path: Path) -> None:
    (tmp_path / "net.dat").write_bytes(TINY)

    convolution, affine, relu, tag, pool, dense = read(tmp_path / "net.dat")

    assert isinstance(convolution, Convolution)
    np.testing.assert_array_equal(convolution.weights, KERNEL)
    np.testing.assert_array_equal(convolution.biases, BETA)
    assert isinstance(affine, Affine)
    np.testing.assert_array_equal(affine.gamma, GAMMA)
    np.testing.assert_array_equal(affine.beta, BETA)
    assert (relu, tag, pool) == (Weightless("relu_"), Weightless("tag"), Weightless("avg_pool_2"))
    assert isinstance(dense, Dense)
    np.testing.assert_array_equal(dense.weights, DENSE)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_an_integer_is_what_was_written(value: int) -> None:
    assert _Reader(dlib.integer(value)).integer() == value


@given(st.integers(0, len(TINY) - 1))
def test_a_file_cut_short_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    refusal(tmp_path_factory.mktemp("dlib"), TINY[:length])


@given(st.binary(max_size=64))
def test_any_bytes_are_a_tensor_or_damage_and_nothing_worse(data: bytes) -> None:
    with contextlib.suppress(_DamageError):
        assert _Reader(dlib.integer(2) + data).tensor().nbytes <= len(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "1 bytes are announced and 0 left"),
        (b"<html>Not found</html>", "not an integer at byte 1"),
        (TINY + b"!", "1 bytes too many"),
        (TINY.replace(b"relu_", b"gelu_"), "an unknown layer 'gelu_'"),
        (TINY.replace(b"loss_metric", b"loss_ranked"), "another loss than loss_metric"),
    ],
)
def test_the_error_of_a_file_of_another_kind_names_what_does_not_fit(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refusal(tmp_path, data)


def test_a_folder_in_the_place_of_the_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="cannot be read: Is a directory"):
        read(tmp_path)
