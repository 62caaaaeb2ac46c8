"""Examples of classify and regress requests, and their results."""

import json
from typing import Any

import numpy as np
import pytest

from serving.core.classify_regress import Classification
from serving.core.errors import ServingError
from serving.rest.json_examples import classification_body, parse_examples, regression_body
from visage.tf_serving_api.messages import Example


def test_values_become_features_by_their_type() -> None:
    context = {"kept": 1, "replaced": "old"}
    (serialized,) = parse_examples(
        {
            "context": context,
            "examples": [{"f": [1.5, 2.0], "i": [1, True], "b": ["a", {"b64": "/9g="}], "replaced": "new"}],
        }
    )
    features = Example.FromString(serialized).features.feature
    assert list(features["f"].float_list.value) == [1.5, 2.0]
    assert list(features["i"].int64_list.value) == [1, 1]
    assert list(features["b"].bytes_list.value) == [b"a", b"\xff\xd8"]
    assert list(features["kept"].int64_list.value) == [1]
    assert list(features["replaced"].bytes_list.value) == [b"new"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "JSON Value: {} When method is classify, key 'examples' is expected and was not found"),
        (
            {"examples": "a"},
            'JSON Value: {\n    "examples": "a"\n} Expecting \'examples\' value to be an list/array',
        ),
        ({"examples": []}, "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"f": None}]}, "Feature: f has element with unexpected JSON type: Null"),
        ({"examples": [{"f": [[1]]}]}, "Feature: f has element with unexpected JSON type: Array"),
        ({"examples": [{"f": {"a": 1}}]}, "Feature: f has element with unexpected JSON type: Object"),
        ({"examples": [{"f": [1, "a"]}]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"examples": [{"f": 2**63}]}, "Feature: f has uint64 element. Only int64 is supported."),
    ],
)
def test_examples_that_are_none_are_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ServingError) as caught:
        parse_examples(document)
    assert caught.value.message == message


def test_results_are_lists() -> None:
    classes, scores = np.array([[b"a", b"b"]], object), np.array([[0.5, 0.25]], np.float32)
    body = classification_body(Classification(classes, scores), 1)
    assert body == b'{\n    "results": [[["a", 0.5], ["b", 0.25]]\n    ]\n}'
    assert json.loads(classification_body(Classification(None, scores), 1)) == {"results": [[["", 0.5], ["", 0.25]]]}
    assert json.loads(classification_body(Classification(classes, None), 1)) == {"results": [[["a", 0.0], ["b", 0.0]]]}
    assert regression_body(np.array([1, 0.5], np.float32)) == b'{\n    "results": [1.0, 0.5]\n}'
