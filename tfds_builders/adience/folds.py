"""Adience's five-fold protocol: one tab-separated text file a fold."""

from dataclasses import dataclass
from pathlib import Path

from components.errors import VisageError
from components.names import but_has
from tfds_builders.genders import read_gender
from tfds_builders.near_files import near_files
from tfds_builders.unknown import UNKNOWN, is_unknown

FOLDS = range(5)
MEASURES = ("x", "y", "dx", "dy", "tilt_ang", "fiducial_yaw_angle", "fiducial_score")
COLUMNS = ("user_id", "original_image", "face_id", "age", "gender", *MEASURES)


@dataclass(frozen=True)
class FoldRow:
    """One face of one fold.

    Attributes:
        age_label: as it stands in the file: '(25, 32)', '35', 'None'.
        gender: 'female', 'male' or 'unknown'.
        measures: the columns of MEASURES, in their order; pixels of the original photo and degrees.
    """

    fold: int
    user_id: str
    face_id: int
    original_image: str
    age_label: str
    gender: str
    measures: tuple[int, ...]

    @property
    def key(self) -> str:
        """Tells the face from every other one."""
        return f"{self.user_id}/{self.face_id}/{self.original_image}"


def read_fold(folder: Path, fold: int, mend: str) -> tuple[list[FoldRow], int]:
    """Reads `fold_<fold>_data.txt`.

    Returns:
        The rows that can be read, and how many cannot.

    Raises:
        VisageError: there is no such file, or it lacks a column.
    """
    path = folder / f"fold_{fold}_data.txt"
    try:
        header, *lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise VisageError(f"cannot read {path} ({error.strerror}): {near_files(folder, [path.name])}{mend}") from error
    columns = header.rstrip("\r").split("\t")
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise VisageError(f"{path} lacks the column(s) {', '.join(missing)}{but_has(missing, columns)}: {mend}")
    read = [_row(fold, columns, line.rstrip("\r").split("\t")) for line in lines if line.strip()]
    rows = [row for row in read if row is not None]
    return rows, len(read) - len(rows)


def _row(fold: int, columns: list[str], fields: list[str]) -> FoldRow | None:
    if len(fields) != len(columns):
        return None
    line = dict(zip(columns, fields, strict=True))
    if is_unknown(line["user_id"]):
        return None  # else all whom nobody names would be one person
    try:
        return FoldRow(
            fold=fold,
            user_id=line["user_id"].strip(),
            face_id=int(line["face_id"]),
            original_image=line["original_image"].strip(),
            age_label=line["age"].strip(),
            # The fold files have 'u' besides the words for unknown.
            gender=read_gender(line["gender"]) or UNKNOWN,
            measures=tuple(int(line[column]) for column in MEASURES),
        )
    except ValueError:
        return None
