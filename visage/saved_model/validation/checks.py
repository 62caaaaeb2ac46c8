"""Checks that a SavedModel can be served: its signatures, its predictions, and the same ones by the C++ loader."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from visage.errors import quoted
from visage.saved_model.validation.errors import UnservableError
from visage.saved_model.validation.predictions import check_predictions
from visage.saved_model.validation.served import ExpectedPredictions, check_served
from visage.tensorflow_messages import first_cause

# What clients rely on, restated here rather than imported from the Trainer, so that a mistake there is found here.
_SIGNATURES: dict[str, dict[str, tf.TensorSpec]] = {
    "serving_default": {"image_bytes": tf.TensorSpec([None], tf.string)},
    "align_and_predict": {
        "image_bytes": tf.TensorSpec([None], tf.string),
        "landmarks": tf.TensorSpec([None, 5, 2], tf.float32),
    },
    "evaluate": {"examples": tf.TensorSpec([None], tf.string)},
}
# A model has the outputs for age, for gender, or both, the same in every signature.
_AGE_OUTPUTS: dict[str, tf.TensorSpec] = {
    "age": tf.TensorSpec([None], tf.float32),
    "age_probabilities": tf.TensorSpec([None, None], tf.float32),
    "age_group": tf.TensorSpec([None], tf.string),
}
_GENDER_OUTPUTS: dict[str, tf.TensorSpec] = {
    "gender": tf.TensorSpec([None], tf.string),
    "gender_probability": tf.TensorSpec([None], tf.float32),
}
_WARM_UP_REQUESTS = "assets.extra/tf_serving_warmup_requests"
# The signature whose calls with one image are timed; how many, and for how long, at most.
_TIMED, _TIMED_CALLS, _TIMED_SECONDS = "serving_default", 20, 0.5


def check(directory: str) -> float | None:
    """Checks a SavedModel: its signatures, its outputs in Python, and that the C++ loader returns the same ones.

    Args:
        directory: the SavedModel, with its `assets.extra`.

    Returns:
        The time of one call of `serving_default` with one image in Python, milliseconds.

    Raises:
        UnservableError: `replay` or `check_served` found a fault.
    """
    expected = replay(directory)
    check_served(directory, expected)
    return next((one.milliseconds for one in expected if one.milliseconds is not None), None)


def this_machine() -> str:
    """Returns what computes here, e.g. '2 CPU cores' or '1 GPU'."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    count, what = (gpus, "GPU") if gpus else (len(os.sched_getaffinity(0)), "CPU core")
    return f"{count} {what}{'s' if count != 1 else ''}"


def replay(directory: str) -> list[ExpectedPredictions]:
    """Loads a SavedModel in Python, replays its warm-up requests and checks every output.

    Args:
        directory: the SavedModel, with its `assets.extra`.

    Returns:
        The requests with their outputs, at least one for each signature.

    Raises:
        UnservableError: it cannot be loaded, lacks a signature, has one of other types, has no warm-up requests for
            one, fails on one, or returns anything but finite ages and probabilities that agree.
    """
    model = _load(directory)
    outputs = _outputs(model)
    for name, inputs in _SIGNATURES.items():
        _check_signature(model, name, inputs, outputs)
    expected = [_call_signature(model, request) for request in _warm_up_requests(f"{directory}/{_WARM_UP_REQUESTS}")]
    for one in expected:
        check_predictions(one.signature, one.outputs)
    for name in _SIGNATURES:
        if name not in {one.signature for one in expected}:
            raise UnservableError(f"{_WARM_UP_REQUESTS} holds no request for the signature {name}")
    return expected


def _load(directory: str) -> Any:
    try:
        return tf.saved_model.load(directory, tags=["serve"])
    except Exception as error:  # Damaged files make TensorFlow raise nearly anything.
        raise UnservableError(f"it cannot be loaded: {first_cause(error)}") from error


def _outputs(model: Any) -> dict[str, tf.TensorSpec]:
    """Returns the outputs that every signature must have: those for age, gender or both that any of them has."""
    found = {output for function in model.signatures.values() for output in function.structured_outputs}
    has_age, has_gender = (any(name in found for name in outputs) for outputs in (_AGE_OUTPUTS, _GENDER_OUTPUTS))
    if not (has_age or has_gender):
        return {**_AGE_OUTPUTS, **_GENDER_OUTPUTS}
    return {**(_AGE_OUTPUTS if has_age else {}), **(_GENDER_OUTPUTS if has_gender else {})}


def _check_signature(
    model: Any, name: str, inputs: Mapping[str, tf.TensorSpec], outputs: Mapping[str, tf.TensorSpec]
) -> None:
    if name not in model.signatures:
        raise UnservableError(
            f"the signature {name} is missing; it has {', '.join(sorted(model.signatures)) or 'none'}"
        )
    function = model.signatures[name]
    _check_specs(f"{name}: input", function.structured_input_signature[1], inputs)
    _check_specs(f"{name}: output", function.structured_outputs, outputs)


def _check_specs(what: str, actual: Mapping[str, Any], expected: Mapping[str, tf.TensorSpec]) -> None:
    if set(actual) != set(expected):
        raise UnservableError(f"{what}s are {sorted(actual)}, not {sorted(expected)}")
    for name, spec in expected.items():
        if actual[name].dtype != spec.dtype or not spec.shape.is_compatible_with(actual[name].shape):
            found = f"{actual[name].dtype.name} {actual[name].shape}"
            raise UnservableError(f"{what} {name} is {found}, not {spec.dtype.name} {spec.shape}")


def _warm_up_requests(path: str) -> Iterator[predict_pb2.PredictRequest]:
    try:
        for record in tf.data.TFRecordDataset(path):
            yield prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
    except (tf.errors.OpError, DecodeError) as error:
        raise UnservableError(f"{_WARM_UP_REQUESTS} cannot be read: {first_cause(error)}") from error


def _call_signature(model: Any, request: predict_pb2.PredictRequest) -> ExpectedPredictions:
    name = request.model_spec.signature_name
    if name not in model.signatures:
        raise UnservableError(f"{_WARM_UP_REQUESTS} requests {quoted(name)}, a signature that the model does not have")
    try:
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        given = {key: tf.constant(value) for key, value in inputs.items()}
        outputs = model.signatures[name](**given)
        is_timed = name == _TIMED and all(len(value) == 1 for value in inputs.values())
        milliseconds = _milliseconds(model.signatures[name], given) if is_timed else None
        return ExpectedPredictions(name, inputs, {key: value.numpy() for key, value in outputs.items()}, milliseconds)
    except Exception as error:  # Any error here would also be a client's.
        raise UnservableError(f"{name}: fails on its warm-up request: {first_cause(error)}") from error


def _milliseconds(function: Any, given: Mapping[str, tf.Tensor]) -> float:
    """Returns the median time of several calls; the caller has made the first one, which is slower."""
    times: list[float] = []
    while len(times) < _TIMED_CALLS and sum(times) < _TIMED_SECONDS:
        began = time.perf_counter()
        # A GPU has computed an output only when it can be read.
        for value in function(**given).values():
            value.numpy()
        times.append(time.perf_counter() - began)
    return 1000 * median(times)
