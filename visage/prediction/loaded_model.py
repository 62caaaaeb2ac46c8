"""Finds, loads and runs a SavedModel in folders laid out for TensorFlow Serving."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visage.errors import VisageError
from visage.saved_model.identity import ModelIdentity, identify
from visage.saved_model.load import load_saved_model
from visage.saved_model.metadata import METADATA_FILE, ModelMetadata, read_metadata
from visage.saved_model.versions import SAVED_MODEL, find_saved_model, version_number
from visage.tensorflow_messages import first_cause

DEFAULT_SIGNATURE = "serving_default"


class ModelInputError(VisageError):
    """Raised when the graph refuses its input values."""


@dataclass(frozen=True)
class TensorInfo:
    """One named input or output.

    Attributes:
        dtype: TensorFlow's name, e.g. 'DT_STRING'.
        shape: sizes, -1 for any; None if even the rank is open.
        tensor: its name in the graph.
    """

    dtype: str
    shape: tuple[int, ...] | None
    tensor: str


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of one way to call a model."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    method_name: str


class LoadedModel:
    """A SavedModel in memory; safe to run from several threads.

    Attributes:
        version: the number of its folder; 0 if the folder has no number.
        metadata: its description.
        alignment: geometry of its face crops.
        signatures: the signatures that the SavedModel declares, by name.
    """

    def __init__(
        self,
        version: int,
        metadata: ModelMetadata,
        signatures: Mapping[str, Signature],
        saved_model: Any,
    ) -> None:
        self.version = version
        self.metadata = metadata
        self.alignment = metadata.alignment_settings()
        self.signatures = signatures
        self._saved_model = saved_model

    def run(self, inputs: Mapping[str, np.ndarray], signature: str = DEFAULT_SIGNATURE) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            inputs: an array for each of the signature's inputs; strings as dtype object holding bytes.
            signature: a key of `signatures`.

        Returns:
            An array for each output; strings as dtype object holding bytes.

        Raises:
            ModelInputError: the graph cannot take these values, e.g. bytes that are no JPEG.
        """
        import tensorflow as tf

        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        try:
            outputs = self._saved_model.signatures[signature](**tensors)
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as error:
            raise ModelInputError(first_cause(error)) from error
        return {name: tensor.numpy() for name, tensor in outputs.items()}


def find_model(path: Path) -> Path:
    """Returns the SavedModel folder at `path`, or else its newest numbered version.

    Raises:
        VisageError: there is none.
    """
    found = find_saved_model(path)
    if found is None:
        raise VisageError(
            f"{path}: no model here (<number>/{SAVED_MODEL}); `visage run` pushes one, or name another folder"
        )
    return found


def load_model(path: Path) -> LoadedModel:
    """Loads the SavedModel in the folder `path`.

    Raises:
        VisageError: it is damaged, incomplete or was not written by VisAge's Trainer.
    """
    metadata = metadata_of(path)
    try:
        saved_model = load_saved_model(path)
        signatures = _read_signatures(path / SAVED_MODEL)
    except Exception as error:  # TensorFlow raises nearly any exception for damaged files.
        raise VisageError(f"{path}: the model cannot be loaded ({first_cause(error)[:200]}); push it again") from error
    missing = set(signatures) - set(saved_model.signatures) - {"__saved_model_init_op"}
    if missing or DEFAULT_SIGNATURE not in signatures:
        raise VisageError(f"{path}: the model lacks signatures ({', '.join(missing) or DEFAULT_SIGNATURE})")
    return LoadedModel(version_number(path) or 0, metadata, signatures, saved_model)


def metadata_of(path: Path) -> ModelMetadata:
    """Reads the description of the model in the SavedModel folder `path`, which includes its alignment.

    Raises:
        VisageError: the file is missing or does not have the Trainer's layout.
    """
    file = path / METADATA_FILE
    try:
        metadata = read_metadata(path)
        metadata.alignment_settings()
    except FileNotFoundError:
        raise VisageError(f"{file}: missing; only models that VisAge trained can be used") from None
    except (OSError, ValueError) as error:
        raise VisageError(f"{file}: cannot be read ({type(error).__name__}); push the model again") from error
    return metadata


def identity_of(path: Path, metadata: ModelMetadata) -> ModelIdentity:
    """Returns the identity of the model in a SavedModel folder.

    Args:
        path: the folder `<name>/<number>`, or one of another name, whose version is then unknown.
        metadata: its description.
    """
    whole = path.resolve()
    number = version_number(whole)
    return identify(metadata, whole.name if number is None else whole.parent.name, number)


def _read_signatures(file: Path) -> dict[str, Signature]:
    """Reads the declared signatures; the loaded model does not have their method names."""
    from tensorflow.core.framework.types_pb2 import DataType
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    def info(tensor: Any) -> TensorInfo:
        shape = tensor.tensor_shape
        sizes = None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim)
        return TensorInfo(DataType.Name(tensor.dtype), sizes, tensor.name)

    saved_model = SavedModel.FromString(file.read_bytes())
    graph = next(graph for graph in saved_model.meta_graphs if "serve" in graph.meta_info_def.tags)
    return {
        name: Signature(
            inputs={key: info(tensor) for key, tensor in sorted(signature.inputs.items())},
            outputs={key: info(tensor) for key, tensor in sorted(signature.outputs.items())},
            method_name=signature.method_name,
        )
        for name, signature in sorted(graph.signature_def.items())
    }
