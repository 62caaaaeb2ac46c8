"""UTKFace's labels, which are in the names of its files."""

import re
from dataclasses import dataclass

from visage.data.labels import RACES, UNKNOWN

UNKNOWN_AGE = -1
GENDERS = ("male", "female")
"""Races by digit; the digits are indices into `labels.RACES`."""

_NAME = re.compile(
    r"(?P<age>\d{0,3})_(?P<gender>\d?)_((?P<race>\d?)_)?(?P<time>\d+)(?P<blank> *)(?P<dot>\.?)"
    r"(?P<ending>jpe?g\.chip\.jpe?g)",
    re.IGNORECASE,
)
_TIME_DIGITS = 17
_ENDING = "jpg.chip.jpg"


@dataclass(frozen=True)
class FileName:
    """The labels in one file's name.

    Attributes:
        age: years; -1 unknown.
        gender: 'female', 'male' or 'unknown'.
        race: one of RACES, or 'unknown'.
        defect: how the name deviates from `[age]_[gender]_[race]_[datetime].jpg.chip.jpg`; '' if it does not.
    """

    age: int
    gender: str
    race: str
    defect: str


def parse_file_name(name: str) -> FileName | None:
    """Reads the labels in a UTKFace file name, including the archive's few malformed names.

    Returns:
        The labels; None if the fields of the name are ambiguous.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    age = int(match["age"]) if match["age"] else UNKNOWN_AGE
    gender = _label(match["gender"], GENDERS)
    race = _label(match["race"], RACES)
    return FileName(age, gender, race, _defect(match, gender, race))


def _label(digit: str | None, labels: tuple[str, ...]) -> str:
    return labels[int(digit)] if digit and int(digit) < len(labels) else UNKNOWN


def _defect(match: re.Match[str], gender: str, race: str) -> str:
    if not match["age"]:
        return "age_missing"
    if gender == UNKNOWN:
        return "gender_missing"
    if race == UNKNOWN:
        return "race_missing"
    if match["blank"]:
        return "blank"
    if not match["dot"]:
        return "dot_missing"
    if len(match["time"]) != _TIME_DIGITS:
        return "time_digits"
    if match["ending"] != _ENDING:
        return "ending"
    return ""
