"""Replays the warm-up requests of a version before it takes over.

Source: TensorFlow Serving, servables/tensorflow/saved_model_warmup.cc and saved_model_warmup_util.cc.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from serving.core.errors import Code, ServingError
from visage.data.tfrecords import read_record
from visage.saved_model.cpp_loader.c_api import TensorFlowError
from visage.saved_model.metadata import ASSETS_EXTRA
from visage.saved_model.model_session import DEFAULT_SIGNATURE, Signature
from visage.tf_serving_api.messages import PredictionLog
from visage.tf_serving_api.tensors import TensorError, to_array

WARM_UP_FILE = f"{ASSETS_EXTRA}/tf_serving_warmup_requests"
_MOST_RECORDS = 1000


def replay(
    folder: Path, signatures: Mapping[str, Signature], run: Callable[[str, Mapping[str, np.ndarray]], object]
) -> int:
    """Runs the warm-up requests of the version in `folder`.

    Args:
        folder: of the version; it may have no warm-up requests.
        signatures: of the version.
        run: calls a signature with its inputs; raises TensorFlowError.

    Returns:
        How many there were.

    Raises:
        ServingError: a record is damaged or of an unsupported kind, or a request fails: the version must not be used.
    """
    count = 0
    for signature, inputs in _requests(folder / WARM_UP_FILE):
        if signature not in signatures:
            raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{signature}" not found.')
        if inputs.keys() != signatures[signature].inputs.keys():
            raise ServingError(Code.INVALID_ARGUMENT, f"{signature} has other inputs than {', '.join(sorted(inputs))}")
        try:
            run(signature, inputs)
        except TensorFlowError as error:
            raise ServingError(Code(error.code), str(error)) from error
        count += 1
    return count


def _requests(file: Path) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
    if not file.is_file():
        return
    number = 0
    with file.open("rb") as records:
        try:
            while (record := read_record(records)) is not None:
                number += 1
                if number > _MOST_RECORDS:
                    raise ServingError(
                        Code.INVALID_ARGUMENT,
                        f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {file}",
                    )
                yield _predict_request(PredictionLog.FromString(record))
        except (EOFError, ValueError) as error:
            raise ServingError(
                Code.DATA_LOSS, f"{file}: {error}. Please verify your warmup data is in TFRecord format."
            ) from error


def _predict_request(log: object) -> tuple[str, Mapping[str, np.ndarray]]:
    kind = log.WhichOneof("log_type")  # type: ignore[attr-defined]
    if kind != "predict_log":
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
    request = log.predict_log.request  # type: ignore[attr-defined]
    try:
        inputs = {name: to_array(tensor) for name, tensor in request.inputs.items()}
    except TensorError as error:
        raise ServingError(Code.INVALID_ARGUMENT, f"warm-up request: {error}") from error
    return request.model_spec.signature_name or DEFAULT_SIGNATURE, inputs
