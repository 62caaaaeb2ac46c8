"""TensorProtos, against TensorFlow's own conversion."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from visage.tf_serving_api.messages import DataType, TensorProto
from visage.tf_serving_api.tensors import DTYPES, STRING, TensorError, to_array, to_proto

NUMBERS = [dtype for number, dtype in DTYPES.items() if number != STRING]


@given(st.data(), st.sampled_from(NUMBERS), st.booleans())
def test_arrays_survive_both_encodings(data: st.DataObject, dtype: np.dtype, as_content: bool) -> None:
    array = data.draw(arrays(dtype, array_shapes(min_dims=0, min_side=0, max_side=3)))
    back = to_array(to_proto(array, as_content=as_content))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_strings_survive(values: list[bytes]) -> None:
    array = np.empty(len(values), object)
    array[:] = values
    assert to_array(to_proto(array)).tolist() == values


@pytest.mark.parametrize("dtype", NUMBERS, ids=str)
def test_tensorflow_reads_and_writes_the_same(dtype: np.dtype) -> None:
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2

    array = np.array([[0, 1], [1, 0]], dtype)
    for as_content in (True, False):
        theirs = tensor_pb2.TensorProto.FromString(to_proto(array, as_content=as_content).SerializeToString())
        np.testing.assert_array_equal(tf.make_ndarray(theirs), array)
    ours = TensorProto.FromString(tf.make_tensor_proto(array).SerializeToString())
    np.testing.assert_array_equal(to_array(ours), array)


def proto(dtype: str, shape: list[int], **values: object) -> Any:
    message = TensorProto(dtype=DataType.values_by_name[dtype].number, **values)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(
    ("dtype", "sent", "read"),
    [("DT_UINT8", 300, 44), ("DT_INT8", 200, -56), ("DT_INT16", -40000, 25536), ("DT_UINT16", -1, 65535)],
)
def test_an_integer_too_large_for_its_dtype_keeps_its_low_bits(dtype: str, sent: int, read: int) -> None:
    import tensorflow as tf

    message = proto(dtype, [1], int_val=[sent])
    assert to_array(message).tolist() == [read]
    assert tf.io.parse_tensor(message.SerializeToString(), to_array(message).dtype).numpy().tolist() == [read]


def test_a_half_keeps_its_low_bits() -> None:
    assert to_array(proto("DT_HALF", [2], half_val=[0x3E00, 0x13E00])).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("as_content", [True, False])
@pytest.mark.parametrize("count", [4095, 4096, 4097, 10_000])
def test_many_values_survive(count: int, as_content: bool) -> None:
    for array in (np.arange(count, dtype=np.int32), np.array([b"%d" % number for number in range(count)], object)):
        np.testing.assert_array_equal(to_array(to_proto(array, as_content=as_content)), array)


def test_one_value_stands_for_all() -> None:
    assert to_array(proto("DT_FLOAT", [2, 2], float_val=[1.5])).tolist() == [[1.5, 1.5], [1.5, 1.5]]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (proto("DT_FLOAT", [3], tensor_content=b"1234"), "tensor_content has 4 bytes, not 12"),
        (proto("DT_FLOAT", [1], float_val=[1, 2]), "2 values for a tensor of shape"),
        (proto("DT_FLOAT", [2]), "0 values for a tensor of shape"),
        (proto("DT_FLOAT", [-1], float_val=[1]), "the shape is not fully known"),
        (proto("DT_FLOAT", [1 << 40], float_val=[1]), "1 values for a tensor of shape"),
        (proto("DT_FLOAT", [1] * 70, float_val=[1]), "a shape of 70 axes: "),
        (proto("DT_FLOAT", [1] * 70, tensor_content=b"1234"), "a shape of 70 axes: "),
        (proto("DT_STRING", [1] * 70, string_val=[b"a"]), "a shape of 70 axes: "),
        (proto("DT_FLOAT", [1 << 60, 1 << 60, 0]), "a shape of 3 axes: "),
        (proto("DT_VARIANT", [1]), "dtype 21 is not supported"),
    ],
)
def test_content_that_does_not_fit_is_refused(message: Any, text: str) -> None:
    with pytest.raises(TensorError, match=text):
        to_array(message)
