"""Classifies and regresses tf.Examples by the signatures that Estimators once exported.

VisAge's own signatures are refused, with TensorFlow Serving's texts; a model that has such signatures gets its results.
Source: TensorFlow Serving, servables/tensorflow/classifier.cc, regressor.cc, multi_inference.cc. The check of a
signature's method name is off, as it is by default there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from serving.core.errors import ServingError, invalid_argument
from visage.saved_model.model_session import DEFAULT_SIGNATURE, Signature
from visage.tf_serving_api.codes import Code
from visage.tf_serving_api.dtypes import dtype_number
from visage.tf_serving_api.messages import DataType

if TYPE_CHECKING:
    from serving.core.servable import Servable

CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"

# Keys of a signature's inputs and outputs: tensorflow/cc/saved_model/signature_constants.h.
_INPUTS = "inputs"
_CLASSES = "classes"
_SCORES = "scores"
_REGRESSION = "outputs"


@dataclass(frozen=True)
class Classification:
    """Classes of N examples.

    Attributes:
        classes: names, object (bytes) [N, C]; None if the model returns only scores.
        scores: float32 [N, C]; None if the model returns only names.
    """

    classes: np.ndarray | None
    scores: np.ndarray | None


@dataclass(frozen=True)
class MultiInferenceTask:
    """One signature of a MultiInference request: its name, and the full name of the method that runs it."""

    signature: str
    method: str


async def classify(servable: Servable, signature: str, examples: Sequence[bytes]) -> Classification:
    """Classifies examples.

    Args:
        servable: the model.
        signature: its signature; empty for the default one.
        examples: serialized tf.Examples.

    Raises:
        ServingError: there is no such signature, it cannot classify, there are no examples, or the graph refuses them.
    """
    name = signature or DEFAULT_SIGNATURE
    outputs = _classification_outputs(servable, name, _found(servable, name))
    return _classification(await _run(servable, name, examples, outputs), len(examples))


async def regress(servable: Servable, signature: str, examples: Sequence[bytes]) -> np.ndarray:
    """Returns a value for each example, float32 [N].

    Args:
        servable: the model.
        signature: its signature; empty for the default one.
        examples: serialized tf.Examples.

    Raises:
        ServingError: there is no such signature, it is no regression, there are no examples, or the graph refuses them.
    """
    name = signature or DEFAULT_SIGNATURE
    outputs = _regression_outputs(servable, name, _found(servable, name))
    return _regression(await _run(servable, name, examples, outputs), len(examples))


async def multi_inference(
    servable: Servable, tasks: Sequence[MultiInferenceTask], examples: Sequence[bytes]
) -> list[Classification | np.ndarray]:
    """Classifies and regresses the same examples, each signature once.

    Args:
        servable: the model.
        tasks: the signatures, empty for the default one, and their methods.
        examples: serialized tf.Examples.

    Returns:
        The result of each task: that of `classify` or of `regress`.

    Raises:
        ServingError: a signature is named twice, unknown, of another input or of an unknown method; otherwise as above.
    """
    outputs: dict[str, list[str]] = {}
    input_tensor = None
    for task in tasks:
        name = task.signature or DEFAULT_SIGNATURE
        if name in outputs:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        if name not in servable.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        signature = servable.signatures[name]
        if task.method == CLASSIFY_METHOD:
            outputs[name] = _classification_outputs(servable, name, signature)
        elif task.method == REGRESS_METHOD:
            outputs[name] = _regression_outputs(servable, name, signature)
        else:
            raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method}")
        tensor = signature.inputs[_INPUTS].tensor
        if input_tensor not in (None, tensor):
            raise invalid_argument("Input tensor must be the same for all Signatures.")
        input_tensor = tensor
    results: list[Classification | np.ndarray] = []
    for (name, wanted), task in zip(outputs.items(), tasks, strict=True):
        values = await _run(servable, name, examples, wanted)
        finish = _classification if task.method == CLASSIFY_METHOD else _regression
        results.append(finish(values, len(examples)))
    return results


def _found(servable: Servable, name: str) -> Signature:
    if name not in servable.signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return servable.signatures[name]


def _classification_outputs(servable: Servable, name: str, signature: Signature) -> list[str]:
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) not in (1, 2):
        raise invalid_argument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    definition = servable.signature_defs[name]
    if _INPUTS not in signature.inputs:
        raise _precondition(f"No classification inputs found in SignatureDef: {definition}")
    outputs = [output for output in (_CLASSES, _SCORES) if output in signature.outputs]
    if not outputs:
        expected = f'Expected classification signature outputs to contain at least one of "{_CLASSES}" or "{_SCORES}".'
        raise _precondition(f"{expected} Signature was: {definition}")
    return outputs


def _regression_outputs(servable: Servable, name: str, signature: Signature) -> list[str]:
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    definition = servable.signature_defs[name]
    if _INPUTS not in signature.inputs:
        raise _precondition(f"No regression inputs found in SignatureDef: {definition}")
    if _REGRESSION not in signature.outputs:
        raise _precondition(f"No regression outputs found in SignatureDef: {definition}")
    return [_REGRESSION]


async def _run(
    servable: Servable, name: str, examples: Sequence[bytes], outputs: Sequence[str]
) -> Mapping[str, np.ndarray]:
    if not examples:
        raise invalid_argument("Input is empty.")
    batch = np.empty(len(examples), object)
    batch[:] = examples
    return await servable.run(name, {_INPUTS: batch}, outputs)


def _classification(values: Mapping[str, np.ndarray], count: int) -> Classification:
    classes, scores = values.get(_CLASSES), values.get(_SCORES)
    for name, found, dtype, dtype_name in (
        (_CLASSES, classes, object, "DT_STRING"),
        (_SCORES, scores, np.float32, "DT_FLOAT"),
    ):
        if found is None:
            continue
        if found.ndim != 2:
            raise invalid_argument(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(found)}")
        if found.dtype != dtype:
            raise invalid_argument(f"Expected {name} Tensor of {dtype_name}. Got: {_dtype_name(found)}")
        if len(found) != count:
            raise invalid_argument(f"Expected {name} output batch size of {count}. Got: {len(found)}")
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        counts = f"{classes.shape[1]} vs. {scores.shape[1]}"
        raise invalid_argument(f"Tensors class and score should match in dim_size(1). Got {counts}")
    return Classification(classes, scores)


def _regression(values: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    found = values[_REGRESSION]
    if found.ndim != 1 and not (found.ndim == 2 and found.shape[1] == 1):
        expected = "Expected output Tensor shape to be either [batch_size] or [batch_size, 1]"
        raise invalid_argument(f"{expected} but got {_shape(found)}")
    if len(found) != count:
        raise invalid_argument(f"Input batch size did not match output batch size: {count} vs. {len(found)}")
    if found.dtype != np.float32:
        raise invalid_argument(f"Expected output Tensor of DT_FLOAT.  Got: {_dtype_name(found)}")
    return found.reshape(-1)


def _shape(array: np.ndarray) -> str:
    return f"[{','.join(str(size) for size in array.shape)}]"


def _dtype_name(array: np.ndarray) -> str:
    return str(DataType.values_by_number[dtype_number(array.dtype)].name)


def _precondition(message: str) -> ServingError:
    return ServingError(Code.FAILED_PRECONDITION, message)
