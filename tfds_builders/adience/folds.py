"""Adience's five-fold protocol: one tab-separated text file per fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfds_builders.genders import read_gender
from tfds_builders.near_files import near_files
from tfds_builders.skipped_rows import ROW_UNREADABLE, SkippedRow
from tfds_builders.unknown import is_unknown
from visage.data.datasets import archive_files
from visage.data.labels import UNKNOWN
from visage.errors import VisageError, quoted
from visage.names import near_names_hint

_FILES = archive_files("adience/faces").tables
FOLDS = range(len(_FILES))
MEASURES = ("x", "y", "dx", "dy", "tilt_ang", "fiducial_yaw_angle", "fiducial_score")
COLUMNS = ("user_id", "original_image", "face_id", "age", "gender", *MEASURES)


@dataclass(frozen=True)
class FoldRow:
    """One face of one fold.

    Attributes:
        line: of the fold's file, from 1.
        age_label: text in the file: '(25, 32)', '35', 'None'.
        gender: 'female', 'male' or 'unknown'.
        measures: the columns of MEASURES, in their order; pixels of the original photo and degrees.
    """

    fold: int
    line: int
    user_id: str
    face_id: int
    original_image: str
    age_label: str
    gender: str
    measures: tuple[int, ...]

    @property
    def key(self) -> str:
        """Returns a key that is unique for each face."""
        return f"{self.user_id}/{self.face_id}/{self.original_image}"

    def skipped(self, reason: str, why: str) -> SkippedRow:
        """Returns the row as a skipped row."""
        return SkippedRow(_place(self.fold, self.line), reason, why, self.key)


class _UnreadableRow(Exception):  # noqa: N818 (it never leaves this module)
    """A row with an impossible value, which the message names."""


def find_fold_folder(folders: Sequence[Path], hint: str) -> Path:
    """Returns the first of several folders that holds a fold file.

    Raises:
        VisageError: none does.
    """
    for folder in folders:
        if any(fold_file(folder, fold).exists() for fold in FOLDS):
            return folder
    first = fold_name(0)
    near = "".join(near_files(folder, [first]) for folder in folders)
    raise VisageError(f"no {first} in {' or '.join(str(folder) for folder in folders)}: {near}{hint}")


def fold_file(folder: Path, fold: int) -> Path:
    """Returns the file of a fold."""
    return folder / fold_name(fold)


def fold_name(fold: int) -> str:
    """Returns the name of the file of a fold."""
    return _FILES[fold]


def read_fold(folder: Path, fold: int, hint: str) -> tuple[list[FoldRow], list[SkippedRow]]:
    """Reads `fold_<fold>_data.txt`.

    Returns:
        The rows that can be read, and those that cannot.

    Raises:
        VisageError: there is no such file, or it lacks a column.
    """
    path = fold_file(folder, fold)
    try:
        header, *lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise VisageError(f"cannot read {path} ({error.strerror}): {near_files(folder, [path.name])}{hint}") from error
    columns = header.rstrip("\r").split("\t")
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise VisageError(
            f"{path}: lacks the column(s) {', '.join(missing)}{near_names_hint(missing, columns)}; {hint}"
        )
    rows: list[FoldRow] = []
    unreadable: list[SkippedRow] = []
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            rows.append(_row(fold, number, columns, line.rstrip("\r").split("\t")))
        except _UnreadableRow as error:
            unreadable.append(SkippedRow(_place(fold, number), ROW_UNREADABLE, str(error), line.rstrip("\r")))
    return rows, unreadable


def _place(fold: int, line: int) -> str:
    return f"{fold_name(fold)}, line {line}"


def _row(fold: int, number: int, columns: list[str], fields: list[str]) -> FoldRow:
    if len(fields) != len(columns):
        raise _UnreadableRow(f"it has {len(fields)} fields, not {len(columns)}")
    line = dict(zip(columns, fields, strict=True))
    if is_unknown(line["user_id"]):
        # Else all people without an id would count as one person.
        raise _UnreadableRow(f"user_id {quoted(line['user_id'])} means an unknown person")
    return FoldRow(
        fold=fold,
        line=number,
        user_id=line["user_id"].strip(),
        face_id=_whole_number(line, "face_id"),
        original_image=line["original_image"].strip(),
        age_label=line["age"].strip(),
        # The fold files have 'u' besides the words for unknown.
        gender=read_gender(line["gender"]) or UNKNOWN,
        measures=tuple(_whole_number(line, column) for column in MEASURES),
    )


def _whole_number(line: Mapping[str, str], column: str) -> int:
    try:
        return int(line[column])
    except ValueError:
        raise _UnreadableRow(f"{column} {quoted(line[column])} is not a whole number") from None
