"""Reads the examples of classify and regress requests, and writes their results.

Source: TensorFlow Serving, util/json_tensor.cc (FillClassifyRegressRequestFromJson, MakeJsonFromClassificationResult).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.core.classify_regress import Classification
from serving.core.errors import ServingError, invalid_argument
from serving.rest.json_tensors import decode_base64, encode_string, is_base64, json_type
from serving.rest.json_text import INDENT, encoded, float_texts, quoted, shown
from visage.tf_serving_api.messages import Example

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def parse_examples(document: Mapping[str, Any]) -> list[bytes]:
    """Returns the examples of a request as serialized tf.Examples, each with the features of the common context.

    Raises:
        ServingError: there are none, or one has values that no feature can hold.
    """
    # Serialized messages that follow each other are read as one; what stands last counts.
    context = _example(document["context"]) if "context" in document else b""
    if "examples" not in document:
        # The text has "classify" for regress, too.
        raise _format_error(document, "When method is classify, key 'examples' is expected and was not found")
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _format_error(document, "'examples' value is an empty array")
    return [context + _example(example) for example in examples]


def classification_body(result: Classification, count: int) -> bytes:
    """Returns the classes of `count` examples, each with its score."""
    columns = (result.classes if result.scores is None else result.scores).shape[1]  # type: ignore[union-attr]
    scores = np.zeros((count, columns), np.float32) if result.scores is None else result.scores
    classes = np.full((count, columns), b"", object) if result.classes is None else result.classes
    texts = float_texts(scores.reshape(-1))
    pairs = [
        f"[{quoted(label.decode('utf-8', 'replace'))}, {score}]"
        for label, score in zip(classes.reshape(-1), texts, strict=True)
    ]
    rows = ", ".join(f"[{', '.join(pairs[at * columns : (at + 1) * columns])}]" for at in range(count))
    return encoded(f'{{\n{INDENT}"results": [{rows}\n{INDENT}]\n}}')


def regression_body(values: np.ndarray) -> bytes:
    """Returns a value for each example, float32 [N]."""
    return encoded(f'{{\n{INDENT}"results": [{", ".join(float_texts(values))}]\n}}')


def _example(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {json_type(value)}")
    example = Example()
    for name, content in value.items():
        feature = example.features.feature[name]
        for element in content if isinstance(content, list) else [content]:
            _add(name, feature, element)
    serialized: bytes = example.SerializeToString()
    return serialized


def _add(name: str, feature: Any, value: Any) -> None:
    kind: str
    converted: Any
    if isinstance(value, str):
        kind, converted = "bytes_list", encode_string(value)
    elif is_base64(value):
        kind, converted = "bytes_list", decode_base64(value)
    elif isinstance(value, (bool, int)):
        kind, converted = "int64_list", int(value)
        if converted >= 2**63:
            raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
    elif isinstance(value, float):
        with np.errstate(over="ignore"):
            kind, converted = "float_list", float(np.float32(value))
    else:
        raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {json_type(value)}")
    present = feature.WhichOneof("kind")
    if present not in (None, kind):
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {_KINDS[present]}")
    getattr(feature, kind).value.append(converted)


def _format_error(document: Mapping[str, Any], problem: str) -> ServingError:
    return invalid_argument(f"JSON Value: {shown(document)} {problem}")
