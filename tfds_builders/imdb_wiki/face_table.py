"""IMDB-WIKI's labels, a MATLAB struct with one row per image."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.io import loadmat

from tfds_builders.unknown import is_unknown
from visage.data.labels import UNKNOWN
from visage.errors import VisageError, shortened
from visage.names import near_names_hint

FIELDS = (
    "dob",
    "photo_taken",
    "full_path",
    "gender",
    "name",
    "face_location",
    "face_score",
    "second_face_score",
)
_GENDERS = {0.0: "female", 1.0: "male"}


@dataclass(frozen=True)
class FaceTable:
    """The columns of the struct, all of the same length, unchanged.

    Attributes:
        dob: int64 [rows], date of birth as MATLAB's datenum, days.
        photo_taken: int64 [rows], years; the file has uint16, in which subtraction wraps round.
        full_path: path of the image below `wiki_crop/` or `imdb_crop/`; '' where it cannot be read.
        gender: 'female', 'male' or 'unknown'.
        name: the person's name; '' where the file has none.
        face_location: float32 [rows, 4], pixels x0, y0, x1, y1 in the uncropped photo; nan where it cannot be read.
        face_score: float32 [rows], detector score; -inf where it found no face.
        second_face_score: float32 [rows]; nan where there is no second face.
    """

    dob: np.ndarray
    photo_taken: np.ndarray
    full_path: list[str]
    gender: list[str]
    name: list[str]
    face_location: np.ndarray
    face_score: np.ndarray
    second_face_score: np.ndarray


def parse_face_table(mat: bytes, config: str, where: str, hint: str) -> FaceTable:
    """Reads `wiki.mat` or `imdb.mat`.

    Args:
        mat: the file's bytes.
        config: 'wiki' or 'imdb', the name of the struct in it.
        where: name of the file in an error.
        hint: the fix in an error.

    Raises:
        VisageError: the file is not MATLAB's, or lacks the struct or a field, or its fields differ in length.
    """
    struct = _struct(mat, config, where, hint)
    missing = [field for field in FIELDS if field not in (struct.dtype.names or ())]
    if missing:
        raise VisageError(
            f"{where}: the struct '{config}' lacks the field(s) {', '.join(missing)}"
            f"{near_names_hint(missing, struct.dtype.names or ())}: {hint}"
        )
    columns = {field: struct[field].flat[0].reshape(-1) for field in FIELDS}
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{field} {len(column)}" for field, column in columns.items())
        raise VisageError(f"{where}: the fields differ in length ({lengths}): {hint}")
    try:
        return _table(columns)
    except (TypeError, ValueError) as error:
        raise VisageError(f"{where}: a field is not of its published type ({shortened(str(error))}): {hint}") from error


def _struct(mat: bytes, config: str, where: str, hint: str) -> np.ndarray:
    try:
        variables = loadmat(io.BytesIO(mat), variable_names=[config])
    except Exception as error:  # scipy raises many different errors for damaged bytes.
        raise VisageError(f"{where}: truncated or not a MATLAB 5 file ({shortened(str(error))}): {hint}") from error
    struct = variables.get(config)
    if struct is None or struct.size != 1:
        raise VisageError(f"{where} holds no struct '{config}': {hint}")
    return struct


def _table(columns: dict[str, np.ndarray]) -> FaceTable:
    return FaceTable(
        dob=_numbers(columns["dob"], np.int64),
        photo_taken=_numbers(columns["photo_taken"], np.int64),
        full_path=_texts(columns["full_path"]),
        gender=[_GENDERS.get(number, UNKNOWN) for number in columns["gender"].tolist()],
        name=["" if is_unknown(name) else name.strip() for name in _texts(columns["name"])],
        face_location=_boxes(columns["face_location"]),
        face_score=_numbers(columns["face_score"], np.float32),
        second_face_score=_numbers(columns["second_face_score"], np.float32),
    )


def _numbers(column: np.ndarray, dtype: type) -> np.ndarray:
    if not _is_numeric(column):
        raise TypeError(f"{column.dtype} for numbers")
    return column.astype(dtype)


def _is_numeric(values: np.ndarray) -> bool:
    # Nested cells are objects: NumPy converts some of them to numbers, with a warning that will become an error.
    return values.dtype.kind in "iuf"


def _texts(cells: np.ndarray) -> list[str]:
    return [str(cell[0]) if isinstance(cell, np.ndarray) and cell.size else "" for cell in cells]


def _boxes(cells: np.ndarray) -> np.ndarray:
    unreadable = np.full(4, np.nan)
    return np.array([_box(cell, unreadable) for cell in cells], np.float32).reshape(-1, 4)


def _box(cell: Any, unreadable: np.ndarray) -> np.ndarray:
    readable = isinstance(cell, np.ndarray) and cell.size == 4 and _is_numeric(cell)
    return cell.reshape(4) if readable else unreadable
