"""Checks that TensorFlow Serving's loader returns the same predictions as TensorFlow's Python package.

`tf.saved_model.load` rebuilds variables and reconnects the functions to them. It therefore runs models that the server
cannot run: those whose signatures read variables that are not restored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from visage.saved_model.cpp_loader.calls import Call, Failure
from visage.saved_model.cpp_loader.loader import LoaderError, call_in_cpp
from visage.saved_model.validation.errors import UnservableError
from visage.saved_model.validation.predictions import ABSOLUTE, RELATIVE, is_allowed, names_allowed
from visage.tensorflow_messages import first_cause

_SERVER = "TensorFlow Serving's loader"
# Its message about a variable that is not restored, as in every model that VisAge exported before it fixed this.
_NOT_RESTORED = "Could not find variable"
_EXPORT_AGAIN = "its signatures read variables that are not restored: train and export it again with `visage run`"


@dataclass(frozen=True, eq=False)
class ExpectedPredictions:
    """A request and the predictions of TensorFlow's Python package for it.

    Attributes:
        signature: name of the signature that was called.
        inputs: by the signature's names; strings as dtype object holding bytes.
        outputs: the same.
        milliseconds: the time of one call, the median of several; None: not measured.
    """

    signature: str
    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    milliseconds: float | None = None


def check_served(directory: str, requests: Sequence[ExpectedPredictions]) -> None:
    """Sends the requests to the SavedModel through the C++ loader and compares the outputs.

    Args:
        directory: the SavedModel.
        requests: with the outputs to expect: numbers within 0.001 + 0.01 %, and the same strings, or names that such a
            number allows.

    Raises:
        UnservableError: the loader cannot load the model, crashes, hangs, fails on a request or returns something else.
    """
    signatures = read_signatures(directory)
    try:
        replies = call_in_cpp(directory, [_call(signatures[one.signature], one) for one in requests])
    except LoaderError as error:
        raise UnservableError(f"{_SERVER}: {error}") from error
    if replies.load_failure is not None:
        raise UnservableError(f"{_SERVER} cannot load it: {_text(replies.load_failure)}")
    for one, result in zip(requests, replies.results, strict=True):
        if isinstance(result, Failure):
            raise UnservableError(f"{one.signature}: {_SERVER} fails on its warm-up request: {_text(result)}")
        allowed = names_allowed(one.outputs)
        for (name, expected), value in zip(sorted(one.outputs.items()), result, strict=True):
            _compare(one.signature, name, value, expected, allowed.get(name))


def read_signatures(directory: str) -> dict[str, SignatureDef]:
    """Returns the signatures as the SavedModel's file declares them, by name."""
    with tf.io.gfile.GFile(f"{directory}/saved_model.pb", "rb") as file:
        saved_model = SavedModel.FromString(file.read())
    graph = next(graph for graph in saved_model.meta_graphs if "serve" in graph.meta_info_def.tags)
    return dict(graph.signature_def)


def _call(signature: SignatureDef, one: ExpectedPredictions) -> Call:
    return Call(
        feeds={signature.inputs[name].name: value for name, value in one.inputs.items()},
        fetches=[signature.outputs[name].name for name in sorted(one.outputs)],
    )


def _text(failure: Failure) -> str:
    hint = f"; {_EXPORT_AGAIN}" if _NOT_RESTORED in failure.message else ""
    return f"{failure.code}: {first_cause(failure.message)}{hint}"


def _compare(signature: str, name: str, value: np.ndarray, expected: np.ndarray, allowed: np.ndarray | None) -> None:
    what = f"{signature}: output {name}: {_SERVER} gives"
    if value.shape != expected.shape:
        raise UnservableError(f"{what} the shape {value.shape}, Python {expected.shape}")
    if expected.dtype.kind == "f":
        same = np.isclose(value, expected, rtol=RELATIVE, atol=ABSOLUTE)
    elif allowed is not None:
        same = np.array([is_allowed(name, one, names) for one, names in zip(value, allowed, strict=True)], bool)
    else:
        same = value == expected
    if not same.all():
        first = tuple(np.argwhere(~same)[0])
        raise UnservableError(f"{what} {value[first]}, Python {expected[first]}")
