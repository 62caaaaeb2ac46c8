"""Answers to predict requests, byte for byte as TensorFlow Serving lays them out."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import ServingError
from serving.rest.json_outputs import format_outputs
from serving.rest.json_tensors import parse_inputs
from visage.saved_model.model_session import Signature, TensorInfo


def test_rows_are_objects_unless_there_is_one_output() -> None:
    ages, genders = np.array([0.2, 31], np.float32), np.array([b"male", b"female"], object)
    assert format_outputs({"age": ages}, row_format=True) == b'{\n    "predictions": [0.2, 31.0\n    ]\n}'
    text = """{
    "predictions": [
        {
            "age": 0.2,
            "gender": "male",
            "p%": [[1, 2]]
        },
        {
            "age": 31.0,
            "gender": "female",
            "p%": [[3, 4]]
        }
    ]
}"""
    outputs = {"gender": genders, "age": ages, "p%": np.array([[[1, 2]], [[3, 4]]])}
    assert format_outputs(outputs, row_format=True).decode() == text


def test_columns_are_an_object_unless_there_is_one_output() -> None:
    ages = np.array([1], np.float32)
    assert format_outputs({"age": ages}, row_format=False) == b'{\n    "outputs": [\n        1.0\n    ]\n}'
    text = """{
    "outputs": {
        "age": [
            1.0
        ],
        "p": [
            [
                true,
                false
            ]
        ]
    }
}"""
    assert format_outputs({"p": np.array([[True, False]]), "age": ages}, row_format=False).decode() == text
    assert format_outputs({"n": np.array(7)}, row_format=False) == b'{\n    "outputs": 7\n}'


def test_an_output_named_bytes_is_base64() -> None:
    outputs = {"crop_bytes": np.array([b"\xff\xd8"], object)}
    text = '{\n    "predictions": [{\n            "b64": "/9g="\n        }\n    ]\n}'
    assert format_outputs(outputs, row_format=True).decode() == text
    assert json.loads(format_outputs(outputs, row_format=False)) == {"outputs": [{"b64": "/9g="}]}


def test_text_is_escaped_and_bytes_that_are_none_replaced() -> None:
    outputs = {"text": np.array([b'"\n\xc3\xa9\xff'], object)}
    assert json.loads(format_outputs(outputs, row_format=True)) == {"predictions": ['"\n\u00e9\ufffd']}


def test_empty_lists_stay_lists() -> None:
    assert json.loads(format_outputs({"x": np.zeros((2, 0, 3))}, row_format=True)) == {"predictions": [[], []]}
    assert json.loads(format_outputs({"x": np.zeros((2, 3, 0))}, row_format=False)) == {"outputs": [[[]] * 3] * 2}
    assert json.loads(format_outputs({"x": np.zeros(0, np.float32)}, row_format=False)) == {"outputs": []}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, "Tensor name: b has inconsistent batch size: 3 expecting: 2"),
        ({"a": np.zeros(())}, "Tensor name: a has no shape information "),
        ({"a": np.zeros(0)}, "Tensor name: a has invalid batch size: 0"),
        ({"a": np.zeros(1, np.float16)}, "Failed to write JSON value for tensor type: half"),
        ({"a": np.zeros(1, np.uint16)}, "Failed to write JSON value for tensor type: uint16"),
        ({}, "Cannot convert empty tensor map to JSON"),
    ],
)
def test_outputs_without_rows_are_refused(outputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ServingError) as caught:
        format_outputs(outputs, row_format=True)
    assert caught.value.message == message


@given(st.lists(st.floats(width=32), min_size=1), st.booleans())
def test_any_float_is_preserved_exactly(values: list[float], row_format: bool) -> None:
    array = np.array(values, np.float32)
    (answer,) = json.loads(format_outputs({"x": array}, row_format)).values()
    infos = {"x": TensorInfo("DT_FLOAT", None, "x:0")}
    again, _ = parse_inputs({"instances": answer}, Signature(infos, {}, ""), 1000)
    np.testing.assert_array_equal(again["x"], array)
