"""Loads and runs a SavedModel through TensorFlow's C API, with tensorflow_model_server's loader and session.

The installed wheel contains the library, so nothing is compiled. Its symbols stay its own (RTLD_LOCAL): Python's
protobuf 3.20 would otherwise take functions of the library's copy of protobuf, and crash.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from visage.tf_serving_api.codes import Code
from visage.tf_serving_api.dtypes import DTYPES, STRING, dtype_number

_Pointer = ctypes.c_void_p

_CODE_NAMES = {code.value: code.name for code in Code}
# sizeof(TF_TString)
_STRING_BYTES = 24


class TensorFlowError(Exception):
    """An error of TensorFlow; `code` is the number of its TF_Code, `name` the name."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = _CODE_NAMES.get(code, str(code))


class LibraryError(Exception):
    """Raised when the installed TensorFlow has no C API that this module can use."""


class _Buffer(ctypes.Structure):
    """Bytes of the library: TF_Buffer."""

    _fields_ = [("data", _Pointer), ("length", ctypes.c_size_t), ("deallocator", _Pointer)]


class _Output(ctypes.Structure):
    """One output of an operation: TF_Output."""

    _fields_ = [("operation", _Pointer), ("index", ctypes.c_int)]


# Name: (type of the result, types of the arguments).
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "TF_NewStatus": (_Pointer, []),
    "TF_DeleteStatus": (None, [_Pointer]),
    "TF_GetCode": (ctypes.c_int, [_Pointer]),
    "TF_Message": (ctypes.c_char_p, [_Pointer]),
    "TF_NewGraph": (_Pointer, []),
    "TF_DeleteGraph": (None, [_Pointer]),
    "TF_GraphOperationByName": (_Pointer, [_Pointer, ctypes.c_char_p]),
    "TF_NewBuffer": (ctypes.POINTER(_Buffer), []),
    "TF_DeleteBuffer": (None, [ctypes.POINTER(_Buffer)]),
    "TF_NewSessionOptions": (_Pointer, []),
    "TF_DeleteSessionOptions": (None, [_Pointer]),
    "TF_LoadSessionFromSavedModel": (
        _Pointer,
        [
            _Pointer,  # session options
            _Pointer,  # run options
            ctypes.c_char_p,  # folder
            ctypes.POINTER(ctypes.c_char_p),  # tags
            ctypes.c_int,
            _Pointer,  # graph
            ctypes.POINTER(_Buffer),  # for the MetaGraphDef
            _Pointer,  # status
        ],
    ),
    "TF_CloseSession": (None, [_Pointer, _Pointer]),
    "TF_DeleteSession": (None, [_Pointer, _Pointer]),
    "TF_SessionRun": (
        None,
        [
            _Pointer,  # session
            _Pointer,  # run options
            ctypes.POINTER(_Output),  # inputs
            ctypes.POINTER(_Pointer),
            ctypes.c_int,
            ctypes.POINTER(_Output),  # outputs
            ctypes.POINTER(_Pointer),
            ctypes.c_int,
            _Pointer,  # target operations
            ctypes.c_int,
            _Pointer,  # run metadata
            _Pointer,  # status
        ],
    ),
    "TF_AllocateTensor": (_Pointer, [ctypes.c_int, ctypes.POINTER(ctypes.c_int64), ctypes.c_int, ctypes.c_size_t]),
    "TF_DeleteTensor": (None, [_Pointer]),
    "TF_TensorType": (ctypes.c_int, [_Pointer]),
    "TF_NumDims": (ctypes.c_int, [_Pointer]),
    "TF_Dim": (ctypes.c_int64, [_Pointer, ctypes.c_int]),
    "TF_TensorData": (_Pointer, [_Pointer]),
    "TF_TensorByteSize": (ctypes.c_size_t, [_Pointer]),
    "TF_StringInit": (None, [_Pointer]),
    "TF_StringCopy": (None, [_Pointer, ctypes.c_char_p, ctypes.c_size_t]),
    "TF_StringGetDataPointer": (_Pointer, [_Pointer]),
    "TF_StringGetSize": (ctypes.c_size_t, [_Pointer]),
    "TF_StringDealloc": (None, [_Pointer]),
}


def load_library() -> ctypes.CDLL:
    """Loads the C API of the installed TensorFlow.

    Raises:
        LibraryError: TensorFlow is not installed, or its wheel has no such library.
    """
    spec = find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise LibraryError("TensorFlow is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    try:
        libraries = [
            ctypes.CDLL(str(_library(folder, name)), ctypes.RTLD_LOCAL)
            for name in ("libtensorflow_framework", "libtensorflow_cc")
        ]
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(libraries[-1], name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise LibraryError(f"{folder}: the C API cannot be loaded: {error}") from error
    return libraries[-1]


class Session:
    """A SavedModel in memory, restored by the C++ loader; a context manager that releases it.

    Attributes:
        meta_graph: the MetaGraphDef that was loaded, serialized; it holds the signatures.
    """

    def __init__(self, library: ctypes.CDLL, saved_model: str) -> None:
        """Loads the graph tagged `serve` from the folder `saved_model`.

        Raises:
            TensorFlowError: it cannot be loaded.
        """
        self._library = library
        self._graph = library.TF_NewGraph()
        options = library.TF_NewSessionOptions()
        meta_graph = library.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        try:
            self._session = self._checked(
                library.TF_LoadSessionFromSavedModel,
                options, None, os.fsencode(saved_model), tags, len(tags), self._graph, meta_graph,
            )  # fmt: skip
            self.meta_graph = ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
        except TensorFlowError:
            library.TF_DeleteGraph(self._graph)
            raise
        finally:
            library.TF_DeleteBuffer(meta_graph)
            library.TF_DeleteSessionOptions(options)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Releases the graph and its variables; no run may be going on."""
        self._checked(self._library.TF_CloseSession, self._session)
        self._checked(self._library.TF_DeleteSession, self._session)
        self._library.TF_DeleteGraph(self._graph)

    def run(self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str]) -> list[np.ndarray]:
        """Runs the graph.

        Args:
            feeds: values by tensor name ("serving_default_image_bytes:0"); strings as dtype object holding bytes.
            fetches: names of the tensors to compute.

        Returns:
            Values of `fetches`, in their order; strings as dtype object holding bytes.

        Raises:
            TensorFlowError: the graph has no such tensor or cannot take these values.
        """
        library = self._library
        inputs = [self._output(name) for name in feeds]
        outputs = [self._output(name) for name in fetches]
        results = (_Pointer * len(outputs))()
        tensors: list[int] = []
        try:
            tensors.extend(self._to_tensor(value) for value in feeds.values())
            self._checked(
                library.TF_SessionRun,
                self._session, None,
                (_Output * len(inputs))(*inputs), (_Pointer * len(tensors))(*tensors), len(inputs),
                (_Output * len(outputs))(*outputs), results, len(outputs),
                None, 0, None,
            )  # fmt: skip
            return [self._to_array(tensor) for tensor in results]
        finally:
            for tensor, value in zip(tensors, feeds.values(), strict=False):
                self._delete_input(tensor, value)
            for tensor in filter(None, results):
                library.TF_DeleteTensor(tensor)

    def _checked(self, function: Any, *arguments: Any) -> Any:
        """Calls a function whose last argument is a status, and raises the status's error."""
        status = self._library.TF_NewStatus()
        try:
            result = function(*arguments, status)
            if code := self._library.TF_GetCode(status):
                raise TensorFlowError(code, self._library.TF_Message(status).decode("utf-8", "replace"))
            return result
        finally:
            self._library.TF_DeleteStatus(status)

    def _output(self, name: str) -> _Output:
        operation, _, index = name.partition(":")
        found = self._library.TF_GraphOperationByName(self._graph, operation.encode())
        if not found:
            raise TensorFlowError(5, f"the graph has no operation {operation}")
        return _Output(found, int(index or 0))

    def _to_tensor(self, value: np.ndarray) -> int:
        library = self._library
        is_string = value.dtype == object
        if is_string and not all(isinstance(item, bytes) for item in value.flat):
            raise TypeError("a string tensor holds bytes")
        code = dtype_number(value.dtype)
        size = _STRING_BYTES * value.size if is_string else value.nbytes
        shape = (ctypes.c_int64 * value.ndim)(*value.shape)
        tensor: int = library.TF_AllocateTensor(code, shape, value.ndim, size)
        data = library.TF_TensorData(tensor)
        if is_string:
            for number, item in enumerate(value.flat):
                library.TF_StringInit(data + _STRING_BYTES * number)
                library.TF_StringCopy(data + _STRING_BYTES * number, item, len(item))
        elif size:
            ctypes.memmove(data, np.ascontiguousarray(value).ctypes.data, size)
        return tensor

    def _delete_input(self, tensor: int, value: np.ndarray) -> None:
        """Releases the strings of a tensor that this process made; deleting the tensor does not."""
        if value.dtype == object:
            data = self._library.TF_TensorData(tensor)
            for number in range(value.size):
                self._library.TF_StringDealloc(data + _STRING_BYTES * number)
        self._library.TF_DeleteTensor(tensor)

    def _to_array(self, tensor: Any) -> np.ndarray:
        library = self._library
        shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
        code = library.TF_TensorType(tensor)
        data = library.TF_TensorData(tensor)
        if code == STRING:
            strings = np.empty(int(np.prod(shape)), object)
            for number in range(strings.size):
                string = data + _STRING_BYTES * number
                strings[number] = ctypes.string_at(
                    library.TF_StringGetDataPointer(string), library.TF_StringGetSize(string)
                )
            return strings.reshape(shape)
        if code not in DTYPES:
            raise TensorFlowError(12, f"outputs of TF_DataType {code} are not read here")
        size = library.TF_TensorByteSize(tensor)
        return np.frombuffer(ctypes.string_at(data, size) if size else b"", DTYPES[code]).reshape(shape)


def _library(folder: Path, name: str) -> Path:
    """Returns the library's newest file, whatever version number its name ends in."""
    found = sorted(folder.glob(f"{name}.so*"))
    if not found:
        raise LibraryError(f"{folder}: no {name}.so.* here")
    return found[-1]
