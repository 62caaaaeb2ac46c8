"""Checks and converts the tensors of Predict, with TensorFlow Serving's texts.

Sources: TensorFlow Serving, servables/tensorflow/predict_util.cc; TensorFlow, cc/saved_model/util.cc (GetInputValues).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from serving.core.errors import invalid_argument
from visage.saved_model.model_session import Signature
from visage.tf_serving_api.tensors import TensorError, to_array


def check_input_names(request: Any, signature: Signature, definition: Any) -> None:
    """Raises the error of inputs that are too many, missing or unknown.

    Args:
        request: the PredictRequest.
        signature: that it names.
        definition: the same as a SignatureDef, whose `defaults` stand in for missing inputs.

    Raises:
        ServingError: INVALID_ARGUMENT.
    """
    sent, wanted, defaults = set(request.inputs), set(signature.inputs), set(definition.defaults)
    if len(sent) > len(wanted) or (len(sent) < len(wanted) and not defaults):
        raise invalid_argument(
            f"input size does not match signature: {len(sent)}!={len(wanted)} len({_set(sent)}) != "
            f"len({_set(wanted)}). Sent extra: {_set(sent - wanted)}. Missing but required: {_set(wanted - sent)}."
        )
    for name in sorted(wanted - sent - defaults):
        raise invalid_argument(
            f"Signature input alias: {name}(feed name: {signature.inputs[name].tensor}) not found in request and no "
            f"default value provided. Inputs expected to be in the request {_set(sent)}, or default input alias set: "
            f"{_joined(defaults)}"
        )
    if sent - wanted:
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {_joined(sent & wanted)}, "
            f"request input: {_joined(sent)}"
        )


def rows(request: Any) -> int | None:
    """Returns the first axis of the longest input; None if no input has an axis."""
    shapes = [tensor.tensor_shape.dim for tensor in request.inputs.values()]
    return max((shape[0].size for shape in shapes if shape), default=None)


def parse_inputs(request: Any, signature: Signature, definition: Any, most_bytes: int) -> dict[str, np.ndarray]:
    """Returns the array of each of the signature's inputs, after `check_input_names`.

    Args:
        request: the PredictRequest.
        signature: that it names.
        definition: the same as a SignatureDef.
        most_bytes: that a text may take which is sent once for many places.

    Raises:
        ServingError: INVALID_ARGUMENT, a tensor's values do not fill its shape, or a repeated text is too large.
    """
    inputs = {}
    for name in signature.inputs:
        tensor = request.inputs[name] if name in request.inputs else definition.defaults[name]
        try:
            array = to_array(tensor)
        except TensorError:
            raise invalid_argument(f"tensor parsing error: {name}") from None
        repeated = array.size - len(tensor.string_val)
        if array.dtype == object and repeated and len(tensor.string_val[-1]) * repeated > most_bytes:
            raise invalid_argument(
                f"{name}: its last text, repeated {repeated} times, has more than {most_bytes} bytes"
            )
        inputs[name] = array
    return inputs


def wanted_outputs(request: Any, signature: Signature) -> list[str] | None:
    """Returns the outputs of `output_filter`; None: all.

    Raises:
        ServingError: INVALID_ARGUMENT, one is unknown or named twice.
    """
    names: list[str] = []
    for name in request.output_filter:
        if name not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{_set(signature.outputs)}."
            )
        if name in names:
            raise invalid_argument(f"duplicate output tensor alias: {name}")
        names.append(name)
    return names or None


def _set(names: Iterable[str]) -> str:
    return f"{{{_joined(names)}}}"


def _joined(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
