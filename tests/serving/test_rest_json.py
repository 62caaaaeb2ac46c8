"""TensorFlow Serving's JSON, parsed and written."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.rest_json import RestError, format_outputs, parse_body, parse_inputs, signature_name
from visage.prediction.loaded_model import Signature, TensorInfo


def signature(**inputs: tuple[str, tuple[int, ...] | None]) -> Signature:
    infos = {name: TensorInfo(dtype, shape, f"{name}:0") for name, (dtype, shape) in inputs.items()}
    return Signature(inputs=infos, outputs={}, method_name="tensorflow/serving/predict")


IMAGES = signature(image_bytes=("DT_STRING", (-1,)))
FLOATS = signature(x=("DT_FLOAT", None))
TWO = signature(image_bytes=("DT_STRING", (-1,)), landmarks=("DT_FLOAT", (-1, 2, 2)))


def parse(document: dict[str, Any], which: Signature) -> dict[str, list[Any]]:
    return {name: array.tolist() for name, array in parse_inputs(document, which)[0].items()}


def test_instances_of_one_input_need_no_name() -> None:
    document = {"instances": [{"b64": base64.b64encode(b"\xff\xd8").decode()}, "plain text"]}
    assert parse(document, IMAGES) == {"image_bytes": [b"\xff\xd8", b"plain text"]}


def test_instances_of_several_inputs_are_objects() -> None:
    document = {"instances": [{"image_bytes": "a", "landmarks": [[1, 2], [3, 4]]}]}
    assert parse(document, TWO) == {"image_bytes": [b"a"], "landmarks": [[[1.0, 2.0], [3.0, 4.0]]]}


def test_columns_hold_a_whole_batch_by_name_or_alone() -> None:
    assert parse({"inputs": {"image_bytes": ["a"], "landmarks": [[[1, 2], [3, 4]]]}}, TWO)["image_bytes"] == [b"a"]
    assert parse({"inputs": [1.5, 2]}, FLOATS) == {"x": [1.5, 2.0]}
    assert parse_inputs({"inputs": 3.0}, FLOATS)[0]["x"].shape == ()


def test_the_format_of_the_request_is_returned() -> None:
    assert parse_inputs({"instances": ["a"]}, IMAGES)[1]
    assert not parse_inputs({"inputs": ["a"]}, IMAGES)[1]


def test_not_a_number_and_infinity_are_numbers() -> None:
    x = parse(parse_body(b'{"instances": [NaN, -Infinity]}'), FLOATS)["x"]
    assert np.isnan(x[0])
    assert x[1] == -np.inf


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: .* at offset: 1"),
        (b"[1]", r"JSON Value: \[1\] Is not object"),
        (b"\xff\xfe{", "JSON Parse error"),
        (b'{"a":' + b"[" * 100_000, "JSON Parse error"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(RestError, match=message) as caught:
        parse_body(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("document", "which", "message"),
    [
        ({}, IMAGES, "Missing 'inputs' or 'instances' key"),
        ({"instances": [], "inputs": []}, IMAGES, "only one of 'inputs' or 'instances'"),
        ({"instances": []}, IMAGES, "No values in 'instances' array"),
        ({"instances": "a"}, IMAGES, "to be an list/array"),
        ({"instances": ["a", {"image_bytes": "b"}]}, IMAGES, "Expecting value/list but got object at item 1"),
        ({"instances": [{"image_bytes": "b"}, "a"]}, IMAGES, "Expecting object but got list at item 1"),
        ({"instances": [{"imgae": "b"}]}, IMAGES, "keys must be equal to: image_bytes"),
        ({"instances": ["a"]}, TWO, "expecting list of objects as multiple input tensors required"),
        ({"instances": [{"image_bytes": "a"}]}, TWO, "keys must be equal to: image_bytes,landmarks"),
        ({"instances": [3]}, IMAGES, "JSON Value: 3 .* is not of expected type: string"),
        ({"instances": [{"b64": "%%%%"}]}, IMAGES, "Unable to base64 decode"),
        ({"instances": [{"b64": 3}]}, IMAGES, "keys must be equal to"),
        ({"instances": ["a"]}, FLOATS, "is not of expected type: float"),
        ({"instances": [True]}, FLOATS, "is not of expected type: float"),
        ({"instances": [[1, 2], [3]]}, FLOATS, "Encountered list at unexpected size: 1 expected size: 2"),
        ({"instances": [[1, 2], 3]}, FLOATS, "found at incorrect level"),
        ({"instances": [1, [2]]}, FLOATS, "Encountered list at unexpected level"),
        ({"instances": json.loads("[" * 40 + "1" + "]" * 40)}, FLOATS, "nested deeper than 16 levels"),
        ({"instances": [1e39]}, FLOATS, "to float without loss of precision"),
        ({"instances": [2**24 + 1]}, FLOATS, "to float without loss of precision"),
        ({"inputs": {"image_bytes": ["a"]}}, TWO, "Missing named input: landmarks in 'inputs' object"),
        ({"inputs": ["a"]}, TWO, "expecting an object as multiple input tensors required"),
        ({"inputs": {"image_bytes": ["a"], "landmarks": [[1, 2]]}}, TWO, "input landmarks has shape"),
    ],
)
def test_values_that_do_not_fit_are_refused(document: dict[str, Any], which: Signature, message: str) -> None:
    with pytest.raises(RestError, match=message) as caught:
        parse_inputs(document, which)
    assert caught.value.status == 400


def test_an_integer_must_fit_its_type() -> None:
    small = signature(n=("DT_UINT8", None))
    assert parse({"instances": [0, 255]}, small) == {"n": [0, 255]}
    with pytest.raises(RestError, match="not of expected type: uint8"):
        parse({"instances": [256]}, small)


def test_a_type_without_a_json_form_is_not_implemented() -> None:
    with pytest.raises(RestError) as caught:
        parse({"instances": [1]}, signature(z=("DT_COMPLEX64", None)))
    assert caught.value.status == 501


def test_the_signature_name_must_be_text() -> None:
    assert signature_name({"signature_name": "evaluate"}) == "evaluate"
    assert signature_name({}) == ""
    with pytest.raises(RestError, match="'signature_name' key must be a string"):
        signature_name({"signature_name": 3})


def test_rows_are_objects_unless_there_is_one_output() -> None:
    ages, genders = np.array([0.2, 31], np.float32), np.array([b"male", b"female"], object)
    assert format_outputs({"age": ages}, row_format=True) == {"predictions": [0.2, 31.0]}
    assert format_outputs({"gender": genders, "age": ages}, row_format=True) == {
        "predictions": [{"age": 0.2, "gender": "male"}, {"age": 31.0, "gender": "female"}]
    }


def test_columns_are_an_object_unless_there_is_one_output() -> None:
    ages, fractions = np.array([1], np.float32), np.array([[0.5, 0.5]], np.float32)
    assert format_outputs({"age": ages}, row_format=False) == {"outputs": [1.0]}
    assert format_outputs({"p": fractions, "age": ages}, row_format=False) == {
        "outputs": {"age": [1.0], "p": [[0.5, 0.5]]}
    }


def test_an_output_named_bytes_is_base64() -> None:
    outputs = {"crop_bytes": np.array([b"\xff\xd8"], object)}
    assert format_outputs(outputs, row_format=True) == {"predictions": [{"b64": "/9g="}]}


def test_outputs_without_a_common_batch_have_no_rows() -> None:
    with pytest.raises(RestError, match="no common batch size"):
        format_outputs({"a": np.zeros(2), "b": np.zeros(3)}, row_format=True)
    with pytest.raises(RestError, match="no common batch size"):
        format_outputs({"a": np.zeros(())}, row_format=True)


@given(st.lists(st.binary(), min_size=1))
def test_base64_preserves_any_bytes(values: list[bytes]) -> None:
    instances = [{"b64": base64.b64encode(value).decode().rstrip("=")} for value in values]
    assert parse({"instances": instances}, IMAGES) == {"image_bytes": values}


@given(st.lists(st.floats(width=32), min_size=1))
def test_any_float_is_preserved_exactly(values: list[float]) -> None:
    document = json.loads(json.dumps(format_outputs({"x": np.array(values, np.float32)}, row_format=True)))
    again = parse_inputs({"instances": document["predictions"]}, FLOATS)[0]["x"]
    np.testing.assert_array_equal(again, np.array(values, np.float32))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(["b64", "x", "image_bytes"]), children)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["instances", "inputs"]), _json, st.sampled_from([IMAGES, FLOATS, TWO]))
def test_any_json_gives_tensors_or_an_error(key: str, value: Any, which: Signature) -> None:
    refusal = None
    try:
        arrays, _ = parse_inputs({key: value}, which)
    except RestError as error:
        refusal = error
    assert (refusal.status == 400 and refusal.message) if refusal else set(arrays) == set(which.inputs)
