"""Finds, loads and runs a SavedModel in folders laid out for TensorFlow Serving, without Python's TensorFlow."""

import weakref
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from visage.errors import VisageError
from visage.saved_model.cpp_loader.c_api import LibraryError, TensorFlowError
from visage.saved_model.identity import ModelIdentity, identify
from visage.saved_model.metadata import METADATA_FILE, ModelMetadata, read_metadata
from visage.saved_model.model_session import DEFAULT_SIGNATURE, ModelSession, Signature
from visage.saved_model.versions import SAVED_MODEL, find_saved_model, version_number
from visage.tensorflow_messages import first_cause

# The input is wrong, not the model.
_INPUT_ERRORS = ("INVALID_ARGUMENT", "OUT_OF_RANGE")


class ModelInputError(VisageError):
    """Raised when the graph refuses its input values."""


class LoadedModel:
    """A SavedModel in memory; several threads may run it. Its memory is released with the object.

    Attributes:
        version: the number of its folder; 0 if the folder has no number.
        metadata: its description.
        alignment: geometry of its face crops.
        signatures: the signatures that the SavedModel declares, by name.
    """

    def __init__(self, version: int, metadata: ModelMetadata, session: ModelSession) -> None:
        self.version = version
        self.metadata = metadata
        self.alignment = metadata.alignment_settings()
        self.signatures: Mapping[str, Signature] = session.signatures
        self._session = session
        # At the end of the process another thread may still run it.
        weakref.finalize(self, session.close).atexit = False

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
        try:
            return self._session.run(inputs, signature)
        except TensorFlowError as error:
            if error.name in _INPUT_ERRORS:
                raise ModelInputError(first_cause(error)) from error
            raise


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
        VisageError: it is damaged, incomplete or was not written by VisAge's Trainer, or TensorFlow is not installed.
    """
    metadata = metadata_of(path)
    try:
        session = ModelSession(path)
    except LibraryError as error:
        raise VisageError(
            f"{path}: a model in a folder needs TensorFlow ({error}); install VisAge's extra `pipeline`, or name a "
            "server (--server)"
        ) from error
    except (TensorFlowError, DecodeError) as error:
        # Nobody pushes the ready model.
        fix = "push it again" if metadata.third_party is None else f"remove {path.parent} and run the command again"
        raise VisageError(f"{path}: the model cannot be loaded ({first_cause(error)[:200]}); {fix}") from error
    if DEFAULT_SIGNATURE not in session.signatures:
        session.close()
        raise VisageError(f"{path}: the model lacks the signature {DEFAULT_SIGNATURE}; push it again")
    return LoadedModel(version_number(path) or 0, metadata, session)


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
