"""Runs the signatures of a SavedModel by the C++ session of tensorflow_model_server, without Python's TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visage.folder_alias import folder_alias
from visage.saved_model.cpp_loader.c_api import Session, TensorFlowError, load_library
from visage.saved_model.last_use import mark_use
from visage.tf_serving_api.messages import DataType, MetaGraphDef

DEFAULT_SIGNATURE = "serving_default"

_VARIABLES = "variables/variables.index"
_NOT_FOUND = 5


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
    """The inputs and outputs of one way to call a model, each sorted by name."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    method_name: str


class ModelSession:
    """A SavedModel in memory; several threads may run it.

    Attributes:
        signatures: by name, those without inputs and outputs (`__saved_model_init_op`) included.
        signature_defs: the same as SignatureDef messages.
    """

    def __init__(self, folder: Path) -> None:
        """Loads the SavedModel in `folder`.

        Raises:
            TensorFlowError: it cannot be loaded.
            LibraryError: TensorFlow is not installed.
        """
        library = _library()
        mark_use(folder)
        with folder_alias(folder) as alias:
            self._session = Session(library, str(alias))
        try:
            meta_graph = MetaGraphDef.FromString(self._session.meta_graph)
            _check_variables(folder, meta_graph)
            self.signature_defs: Mapping[str, Any] = dict(sorted(meta_graph.signature_def.items()))
            self.signatures = {name: read_signature(found) for name, found in self.signature_defs.items()}
        except BaseException:
            self._session.close()
            raise

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        signature: str = DEFAULT_SIGNATURE,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            inputs: an array for each of the signature's inputs; strings as dtype object holding bytes.
            signature: a key of `signatures`.
            outputs: names of the outputs to compute; None: all.

        Returns:
            An array for each output; strings as dtype object holding bytes.

        Raises:
            TensorFlowError: the graph cannot take these values, e.g. bytes that are no JPEG.
        """
        chosen = self.signatures[signature]
        names = list(chosen.outputs) if outputs is None else list(outputs)
        feeds = {chosen.inputs[name].tensor: value for name, value in inputs.items()}
        values = self._session.run(feeds, [chosen.outputs[name].tensor for name in names])
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        """Releases the memory; no run may be going on."""
        self._session.close()


@functools.cache
def _library() -> Any:
    return load_library()


def _check_variables(folder: Path, meta_graph: Any) -> None:
    """Refuses a half-copied model, which the loader takes for one without variables; its signatures then fail."""
    has_variables = any(node.op == "VarHandleOp" for node in meta_graph.graph_def.node)
    if has_variables and not (folder / _VARIABLES).exists():
        raise TensorFlowError(_NOT_FOUND, f"{_VARIABLES} is missing")


def read_signature(definition: Any) -> Signature:
    """Returns the signature of a SignatureDef message."""
    return Signature(
        inputs={name: _tensor_info(tensor) for name, tensor in sorted(definition.inputs.items())},
        outputs={name: _tensor_info(tensor) for name, tensor in sorted(definition.outputs.items())},
        method_name=definition.method_name,
    )


def _tensor_info(tensor: Any) -> TensorInfo:
    shape = tensor.tensor_shape
    sizes = None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim)
    return TensorInfo(DataType.values_by_number[tensor.dtype].name, sizes, tensor.name)
