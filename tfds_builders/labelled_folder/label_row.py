"""One row of a labels file, converted from texts to labels."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tfds_builders.age_ranges import OLDEST, read_age_range
from tfds_builders.genders import GENDER_WORDS, read_gender
from tfds_builders.unknown import is_unknown
from visage.data.labels import RACES, UNKNOWN
from visage.errors import quoted

UNKNOWN_FOLD = -1
UNKNOWN_YEAR = -1

# FairFace's seven races as UTKFace's authors group them: 'others' are "like Hispanic, Latino, Middle Eastern".
_RACES = {
    **{race: race for race in RACES},
    "east asian": "asian",
    "southeast asian": "asian",
    "latino_hispanic": "others",
    "middle eastern": "others",
}
_WIDEST = 60.0
_LAST_FOLD = 99
_NO_GROUP = (UNKNOWN_YEAR, UNKNOWN_YEAR)


@dataclass(frozen=True)
class LabelRow:
    """The labels of one row.

    Attributes:
        picture: path of the image, unchanged.
        age: years; nan unknown.
        age_from: first completed year of the age group, if one is given; -1 unknown.
        age_to: its last completed year; -1 unknown.
        gender: 'female', 'male' or 'unknown'.
        identity: the person; '' unknown.
        race: one of UTKFace's RACES, or 'unknown'.
        fold: from 0; -1 unknown.
        apparent_age_mean: years, 0 to 120; nan unknown.
        apparent_age_std: years, 0 to 60; nan unknown.
    """

    picture: str
    age: float
    age_from: int
    age_to: int
    gender: str
    identity: str
    race: str
    fold: int
    apparent_age_mean: float
    apparent_age_std: float

    @property
    def labels(self) -> tuple[str | int | float | None, ...]:
        """Returns all labels without the image, with None for nan, so that equal rows compare equal."""
        return tuple(
            None if isinstance(value, float) and math.isnan(value) else value for value in dataclasses.astuple(self)[1:]
        )


class RowError(Exception):
    """A row with an impossible value.

    Attributes:
        reason: name under which it is counted, 'row_unreadable' or 'label_out_of_range'.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse_row(texts: Mapping[str, str]) -> LabelRow:
    """Reads the labels of a row.

    Args:
        texts: standard column to text; an absent column counts as blank.

    Raises:
        RowError: the path of the image is blank, a number or word cannot be read, a label is out of its range, or the
            age is not in the age group.
    """
    known = {column: text.strip() for column, text in texts.items() if not is_unknown(text)}
    if "image" not in known:
        raise RowError("row_unreadable", "image is blank")
    age, (age_from, age_to) = _age(known)
    return LabelRow(
        picture=known["image"],
        age=age,
        age_from=age_from,
        age_to=age_to,
        gender=_gender(known),
        identity=known.get("identity", ""),
        race=_race(known),
        fold=_fold(known),
        apparent_age_mean=_within(known, "apparent_age_mean", OLDEST),
        apparent_age_std=_within(known, "apparent_age_std", _WIDEST),
    )


def _age(known: Mapping[str, str]) -> tuple[float, tuple[int, int]]:
    """Returns the age, and the age group from either column."""
    in_age = read_age_range(known.get("age", ""))
    age = math.nan if in_age else _number(known, "age", "no number and no range such as 20-29")
    group = _age_group(known)
    if in_age and group not in (in_age, _NO_GROUP):
        raise RowError("row_unreadable", f"age {quoted(known['age'])} is not age_group {quoted(known['age_group'])}")
    if group != _NO_GROUP and not math.isnan(age) and not group[0] <= age < group[1] + 1:
        raise RowError("row_unreadable", f"age {quoted(known['age'])} is not in age_group {quoted(known['age_group'])}")
    return age, in_age or group


def _age_group(known: Mapping[str, str]) -> tuple[int, int]:
    text = known.get("age_group")
    if text is None:
        return _NO_GROUP
    group = read_age_range(text)
    if group is None:
        raise RowError("row_unreadable", f"age_group {quoted(text)} is no range such as 20-29 or 70+")
    return group


def _gender(known: Mapping[str, str]) -> str:
    text = known.get("gender", "")
    gender = read_gender(text)
    if gender is None:
        raise RowError("row_unreadable", f"gender {quoted(text)} is none of {', '.join(GENDER_WORDS)}")
    return gender


def _race(known: Mapping[str, str]) -> str:
    text = known.get("race")
    if text is None:
        return UNKNOWN
    race = _RACES.get(text.casefold())
    if race is None:
        raise RowError("row_unreadable", f"race {quoted(text)} is none of {', '.join(_RACES)}")
    return race


def _number(known: Mapping[str, str], column: str, fault: str = "no number") -> float:
    text = known.get(column)
    if text is None:
        return math.nan
    try:
        # Python would read 3_4 as 34.
        number = float(text.replace("_", "?"))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RowError("row_unreadable", f"{column} {quoted(text)} is {fault}")
    return number


def _within(known: Mapping[str, str], column: str, highest: float) -> float:
    number = _number(known, column)
    if number < 0 or number > highest:
        raise RowError("label_out_of_range", f"{column} {quoted(known[column])} is not 0 to {highest:g}")
    return number


def _fold(known: Mapping[str, str]) -> int:
    number = _within(known, "fold", _LAST_FOLD)
    if math.isnan(number):
        return UNKNOWN_FOLD
    if not number.is_integer():
        raise RowError("row_unreadable", f"fold {quoted(known['fold'])} is not a whole number")
    return int(number)
