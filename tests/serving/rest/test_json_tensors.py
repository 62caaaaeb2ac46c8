"""The arrays of predict requests, and TensorFlow Serving's texts where there are none."""

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.rest.json_document import parse_document
from serving.rest.json_tensors import parse_inputs, signature_name
from visage.saved_model.model_session import Signature, TensorInfo

MOST = 1000


def signature(**inputs: str) -> Signature:
    infos = {name: TensorInfo(dtype, None, f"{name}:0") for name, dtype in inputs.items()}
    return Signature(inputs=infos, outputs={}, method_name="tensorflow/serving/predict")


IMAGES = signature(image_bytes="DT_STRING")
FLOATS = signature(x="DT_FLOAT")
TWO = signature(image_bytes="DT_STRING", landmarks="DT_FLOAT")


def parse(document: dict[str, Any], which: Signature) -> dict[str, Any]:
    return {name: array.tolist() for name, array in parse_inputs(document, which, MOST)[0].items()}


def test_instances_of_one_input_need_no_name() -> None:
    document = {"instances": [{"b64": base64.b64encode(b"\xff\xd8").decode()}, "plain text"]}
    assert parse(document, IMAGES) == {"image_bytes": [b"\xff\xd8", b"plain text"]}
    assert parse({"instances": [{"image_bytes": "a"}]}, IMAGES) == {"image_bytes": [b"a"]}


def test_instances_of_several_inputs_are_objects() -> None:
    document = {"instances": [{"image_bytes": "a", "landmarks": [[1, 2], [3, 4]]}]}
    assert parse(document, TWO) == {"image_bytes": [b"a"], "landmarks": [[[1.0, 2.0], [3.0, 4.0]]]}


def test_columns_hold_a_whole_batch_by_name_or_alone() -> None:
    columns = {"image_bytes": ["a"], "landmarks": [[[1, 2], [3, 4]]], "more": 1}
    assert parse({"inputs": columns}, TWO)["image_bytes"] == [b"a"]
    assert parse({"inputs": [1.5, 2]}, FLOATS) == {"x": [1.5, 2.0]}
    assert parse({"inputs": []}, FLOATS) == {"x": []}
    assert parse({"inputs": 3.0}, FLOATS) == {"x": 3.0}
    assert parse({"inputs": {"b64": "YQ"}}, IMAGES) == {"image_bytes": b"a"}


def test_the_format_of_the_request_is_returned() -> None:
    assert parse_inputs({"instances": ["a"]}, IMAGES, MOST)[1]
    assert not parse_inputs({"inputs": ["a"]}, IMAGES, MOST)[1]


def test_any_number_is_cast_to_a_float() -> None:
    x = parse(parse_document(b'{"instances": [NaN, -Infinity, 1e39, 33554433, 18446744073709551615]}'), FLOATS)["x"]
    assert np.isnan(x[0])
    assert x[1:] == [-np.inf, np.inf, 33554432.0, 2.0**64]


def test_an_integer_is_one_of_32_bits_and_then_cast() -> None:
    assert parse({"instances": [0, 255, 256, -1]}, signature(n="DT_UINT8")) == {"n": [0, 255, 0, 255]}
    assert parse({"instances": [2**64 - 1]}, signature(n="DT_UINT64")) == {"n": [2**64 - 1]}
    assert parse({"instances": [-(2**63)]}, signature(n="DT_INT64")) == {"n": [-(2**63)]}
    for value, dtype in ((2**31, "INT8"), (-1, "UINT32"), (2**63, "INT64"), (1.0, "INT32"), (True, "INT32")):
        with pytest.raises(ServingError, match=f"is not of expected type: {dtype.lower()}"):
            parse({"instances": [value]}, signature(n=f"DT_{dtype}"))


ROW = "Failed to process element: 0 of 'instances' list. Error: INVALID_ARGUMENT: "
KEY = "Failed to process element: 0 key: landmarks of 'instances' list. Error: INVALID_ARGUMENT: "


@pytest.mark.parametrize(
    ("document", "which", "message"),
    [
        ({}, IMAGES, "Missing 'inputs' or 'instances' key"),
        (
            {"instances": [], "inputs": []},
            IMAGES,
            'JSON Value: {\n    "instances": [],\n    "inputs": []\n} '
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        ),
        ({"instances": []}, IMAGES, "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
        ({"instances": 1}, IMAGES, "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array"),
        (
            {"instances": ["a", {"image_bytes": "b"}]},
            IMAGES,
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            {"instances": [{"image_bytes": "b"}, "a"]},
            IMAGES,
            "Expecting object but got list at item 1 of input list",
        ),
        (
            {"instances": [{"imgae": "b"}]},
            IMAGES,
            "Failed to process element: 0 key: imgae of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON object: does not have named input: imgae",
        ),
        (
            {"instances": ["a"]},
            TWO,
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        (
            {"instances": [{"image_bytes": "a"}]},
            TWO,
            'Failed to process element: 0 of \'instances\' list. JSON object: {\n    "image_bytes": "a"\n} keys must '
            "be equal to: image_bytes,landmarks",
        ),
        ({"instances": [3]}, IMAGES, ROW + "JSON Value: 3 Type: Number is not of expected type: string"),
        ({"instances": [True]}, IMAGES, ROW + "JSON Value: true Type: True is not of expected type: string"),
        ({"instances": [None]}, FLOATS, ROW + "JSON Value: null Type: Null is not of expected type: float"),
        ({"instances": [{"b64": "%%%%"}]}, IMAGES, ROW + "Unable to base64 decode"),
        (
            {"instances": [[{"b65": "a"}]]},
            IMAGES,
            ROW + 'JSON Value: {\n    "b65": "a"\n} not formatted correctly for base64 data',
        ),
        (
            {"instances": [[[1, 2], [3]]]},
            FLOATS,
            ROW + "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        (
            {"instances": [[[1, 2], 3]]},
            FLOATS,
            ROW + "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ({"instances": [[1, [2]]]}, FLOATS, ROW + "Encountered list at unexpected level: 1 expected < 1"),
        (
            {"instances": [[1, 2], [3]]},
            FLOATS,
            ROW.replace("0", "1") + "Expecting tensor size: 2 but got: 1",
        ),
        (
            {"instances": [[[1, 2]], [[1], [2]]]},
            FLOATS,
            ROW.replace("0", "1") + "Expecting shape [1,2] but got: [2,1]",
        ),
        (
            {"instances": [{"image_bytes": "a", "landmarks": "b"}]},
            TWO,
            KEY + 'JSON Value: "b" Type: String is not of expected type: float',
        ),
        ({"inputs": {"image_bytes": ["a"]}}, TWO, "Missing named input: landmarks in 'inputs' object."),
        (
            {"inputs": ["a"]},
            TWO,
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        ({"instances": ["a"] * 1001}, IMAGES, "a request of 1001 instances; this server takes at most 1000"),
        ({"inputs": {"x": [1] * 1001}}, FLOATS, "a request of 1001 instances; this server takes at most 1000"),
        (
            {"inputs": parse_document(b"[" * 100_000 + b"]" * 100_000)},
            FLOATS,
            "lists are nested deeper than 32 levels",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused(document: dict[str, Any], which: Signature, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        parse_inputs(document, which, MOST)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, message)


def test_a_type_without_json_is_not_implemented_in_columns_and_wrapped_in_rows() -> None:
    complex_input = signature(z="DT_COMPLEX64")
    with pytest.raises(ServingError) as caught:
        parse({"inputs": [1]}, complex_input)
    assert caught.value.code == Code.UNIMPLEMENTED
    assert caught.value.message == "Conversion of JSON Value: 1 to type: complex64"
    with pytest.raises(ServingError, match="Error: UNIMPLEMENTED: Conversion of JSON Value") as caught:
        parse({"instances": [1]}, complex_input)
    assert caught.value.code == Code.INVALID_ARGUMENT


def test_the_signature_name_must_be_text() -> None:
    assert signature_name({"signature_name": "evaluate"}) == "evaluate"
    assert signature_name({}) == ""
    with pytest.raises(ServingError, match="'signature_name' key must be a string value"):
        signature_name({"signature_name": None})
    with pytest.raises(ServingError, match=r"^JSON Value: \[1, 2\] Is not object$"):
        signature_name([1, 2])


@given(st.lists(st.binary(), min_size=1), st.sampled_from(["", "\n", " "]), st.booleans())
def test_base64_keeps_any_bytes_with_and_without_padding(values: list[bytes], space: str, padded: bool) -> None:
    texts = [base64.b64encode(value).decode() for value in values]
    instances = [{"b64": space.join(text if padded else text.rstrip("="))} for text in texts]
    assert parse({"instances": instances}, IMAGES) == {"image_bytes": values}


@pytest.mark.parametrize(
    "text", ["a", "ab=", "abc==", "ab===", "a-_b", "ab\u00e9c", "ab=c", "=", "abcde", "ab!=", "a b c d e"]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ServingError, match="Unable to base64 decode"):
        parse({"instances": [{"b64": text}]}, IMAGES)


def test_bytes_that_are_no_utf_8_are_kept() -> None:
    assert parse(parse_document(b'{"instances": ["\xff\xc3\xa9"]}'), IMAGES) == {"image_bytes": [b"\xff\xc3\xa9"]}


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(["b64", "x", "image_bytes"]), children)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["instances", "inputs"]), _json, st.sampled_from([IMAGES, FLOATS, TWO, signature(x="DT_INT32")]))
def test_any_json_gives_tensors_or_an_error(key: str, value: Any, which: Signature) -> None:
    refusal = None
    try:
        arrays, _ = parse_inputs({key: value}, which, MOST)
    except ServingError as error:
        refusal = error
    assert refusal.message if refusal else set(arrays) == set(which.inputs)
