"""One row of a labels file: from texts to labels."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tfds_builders.utkface.file_name import RACES

COLUMNS = ("picture", "age", "gender", "identity", "race", "fold", "apparent_age_mean", "apparent_age_std")
UNKNOWN = "unknown"
UNKNOWN_FOLD = -1

_GENDERS = {"female": "female", "f": "female", "male": "male", "m": "male"}
_RACES = {race: race for race in RACES}
_OLDEST = 120.0
_WIDEST = 60.0
_LAST_FOLD = 99


@dataclass(frozen=True)
class LabelRow:
    """What one row says.

    Attributes:
        picture: path of the picture, as it stands in the file.
        age: years; nan unknown.
        gender: 'female', 'male' or 'unknown'.
        identity: the person; '' unknown.
        race: one of UTKFace's RACES, or 'unknown'.
        fold: from 0; -1 unknown.
        apparent_age_mean: years, 0 to 120; nan unknown.
        apparent_age_std: years, 0 to 60; nan unknown.
    """

    picture: str
    age: float
    gender: str
    identity: str
    race: str
    fold: int
    apparent_age_mean: float
    apparent_age_std: float

    @property
    def labels(self) -> tuple[str | int | float | None, ...]:
        """All but the picture, comparable: nan, which equals nothing, is None."""
        return tuple(
            None if isinstance(value, float) and math.isnan(value) else value for value in dataclasses.astuple(self)[1:]
        )


class RowError(Exception):
    """A row that says something impossible.

    Attributes:
        reason: under which it is counted, 'row_unreadable' or 'label_out_of_range'.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse_row(texts: Mapping[str, str]) -> LabelRow:
    """Reads a row's labels.

    Args:
        texts: standard column to its text; an absent column is as a blank one.

    Raises:
        RowError: the picture is blank, a number is none, a word is unknown, or a label is out of its range.
    """
    stripped = {column: texts.get(column, "").strip() for column in COLUMNS}
    if not stripped["picture"]:
        raise RowError("row_unreadable", "picture is blank")
    return LabelRow(
        picture=stripped["picture"],
        age=_number(stripped, "age"),
        gender=_word(stripped, "gender", _GENDERS),
        identity=stripped["identity"],
        race=_word(stripped, "race", _RACES),
        fold=_fold(stripped),
        apparent_age_mean=_within(stripped, "apparent_age_mean", _OLDEST),
        apparent_age_std=_within(stripped, "apparent_age_std", _WIDEST),
    )


def _word(texts: Mapping[str, str], column: str, words: Mapping[str, str]) -> str:
    text = texts[column].lower()
    if text in ("", UNKNOWN):
        return UNKNOWN
    if text not in words:
        raise RowError("row_unreadable", f"{column} {texts[column]!r} is none of {', '.join(words)}")
    return words[text]


def _number(texts: Mapping[str, str], column: str) -> float:
    text = texts[column]
    try:
        # Python takes 3_4 for 34.
        number = float(text.replace("_", "?")) if text else math.nan
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise RowError("row_unreadable", f"{column} {text!r} is no number")
    return number


def _within(texts: Mapping[str, str], column: str, highest: float) -> float:
    number = _number(texts, column)
    if number < 0 or number > highest:
        raise RowError("label_out_of_range", f"{column} {texts[column]} is not 0 to {highest:g}")
    return number


def _fold(texts: Mapping[str, str]) -> int:
    number = _within(texts, "fold", _LAST_FOLD)
    if math.isnan(number):
        return UNKNOWN_FOLD
    if not number.is_integer():
        raise RowError("row_unreadable", f"fold {texts['fold']} is no whole number")
    return int(number)
