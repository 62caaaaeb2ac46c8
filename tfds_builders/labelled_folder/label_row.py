"""One row of a labels file, converted from texts to labels."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from tfds_builders.genders import GENDER_WORDS, read_gender
from tfds_builders.unknown import is_unknown
from visage.data.age_labels import OLDEST, AgeInterval, read_age
from visage.data.datasets.labelled_folder import BOX_COLUMNS
from visage.data.labels import RACES, UNKNOWN
from visage.errors import quoted

UNKNOWN_FOLD = -1

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


@dataclass(frozen=True)
class LabelRow:
    """The labels of one row.

    Attributes:
        picture: path of the image, unchanged.
        age_label: an exact age or an age group; None unknown.
        gender: 'female', 'male' or 'unknown'.
        identity: the person; '' unknown.
        race: one of UTKFace's RACES, or 'unknown'.
        fold: from 0; -1 unknown.
        apparent_age_mean: years, 0 to 120; nan unknown.
        apparent_age_std: years, 0 to 60; nan unknown.
        box: left, top, right and bottom of the labelled face in pixels of the upright image; None unknown.
    """

    picture: str
    age_label: AgeInterval | None
    gender: str
    identity: str
    race: str
    fold: int
    apparent_age_mean: float
    apparent_age_std: float
    box: tuple[float, ...] | None = None

    @property
    def labels(self) -> tuple[object, ...]:
        """Returns all labels without the image, with None for nan, so that equal rows compare equal."""
        values = (getattr(self, field.name) for field in dataclasses.fields(self)[1:])
        return tuple(None if isinstance(value, float) and math.isnan(value) else value for value in values)


class RowError(Exception):
    """A row with an impossible value.

    Attributes:
        reason: name under which it is counted: 'row_unreadable', 'label_out_of_range' or 'face_box_unknown'.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse_row(texts: Mapping[str, str]) -> LabelRow:
    """Reads the labels of a row.

    Args:
        texts: standard column to text; an absent column counts as blank.

    Raises:
        RowError: the path of the image is blank, a number or word cannot be read, a label is out of its range, the age
            is not in the age group, or the table has boxes of faces and this row has none.
    """
    known = {column: text.strip() for column, text in texts.items() if not is_unknown(text)}
    if "image" not in known:
        raise RowError("row_unreadable", "image is blank")
    return LabelRow(
        picture=known["image"],
        age_label=_age_label(known),
        gender=_gender(known),
        identity=known.get("identity", ""),
        race=_race(known),
        fold=_fold(known),
        apparent_age_mean=_within(known, "apparent_age_mean", OLDEST),
        apparent_age_std=_within(known, "apparent_age_std", _WIDEST),
        box=_box(texts, known),
    )


def _age_label(known: Mapping[str, str]) -> AgeInterval | None:
    """Returns the label in either column; an exact age where the other column has its age group."""
    age = _read(known, "age", "no number and no range such as 20-29")
    group = _read(known, "age_group", "no range such as 20-29 or 70+")
    if group is not None and group.age is not None:
        # It may be the number of a class, whose meaning is known to its writer alone.
        raise RowError("row_unreadable", f"age_group {quoted(known['age_group'])} is no range such as 20-29 or 70+")
    if age is None or group is None or age == group:
        return age or group
    within = age.age is not None and group.low <= math.floor(age.age) <= group.high
    if not within:
        relation = "not" if age.age is None else "not in"
        texts = f"age {quoted(known['age'])} is {relation} age_group {quoted(known['age_group'])}"
        raise RowError("row_unreadable", texts)
    return age


def _read(known: Mapping[str, str], column: str, fault: str) -> AgeInterval | None:
    text = known.get(column)
    if text is None:
        return None
    label = read_age(text)
    if label is None:
        raise RowError("row_unreadable", f"{column} {quoted(text)} is {fault}")
    return label


def _box(texts: Mapping[str, str], known: Mapping[str, str]) -> tuple[float, ...] | None:
    if not any(column in texts for column in BOX_COLUMNS):
        return None
    box = tuple(_number(known, column) for column in BOX_COLUMNS)
    if any(map(math.isnan, box)):
        # Of several people on a photo, nothing says whose labels these are.
        raise RowError("face_box_unknown", "the row has no box of its face")
    left, top, right, bottom = box
    if not (left < right and top < bottom):
        raise RowError("label_out_of_range", f"the face's box {left:g}, {top:g}, {right:g}, {bottom:g} is empty")
    return box


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


def _number(known: Mapping[str, str], column: str) -> float:
    text = known.get(column)
    if text is None:
        return math.nan
    try:
        # Python would read 3_4 as 34.
        number = float(text.replace("_", "?"))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RowError("row_unreadable", f"{column} {quoted(text)} is no number")
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
