"""Adience's age labels: eight groups of its own, and odd ones that the literature maps to them."""

import re
from ast import literal_eval
from dataclasses import dataclass

from visage.data.age_labels import OLDEST
from visage.data.labels import UNKNOWN

GROUPS = ("(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)", "(25, 32)", "(38, 43)", "(48, 53)", "(60, 100)")
UNKNOWN_AGE = -1

# As prepare_adience.py of MiVOLO (https://arxiv.org/abs/2307.04616) maps them, but for two: '(25, 23)' is '(25, 32)'
# with two digits swapped, and '(8, 13)' is what the authors' own papers call '(8, 12)'.
RANGES = {
    "(8, 13)": "(8, 12)",
    "(8, 23)": "(8, 12)",
    "(25, 23)": "(25, 32)",
    "(27, 32)": "(25, 32)",
    "(38, 42)": "(38, 43)",
    "(38, 48)": "(38, 43)",
}
_BOUNDS = {group: literal_eval(group) for group in GROUPS}


@dataclass(frozen=True)
class AgeLabel:
    """The meaning of a label.

    Attributes:
        age: completed years, if the label is a bare number; else -1.
        group: one of GROUPS, or 'unknown'.
    """

    age: int
    group: str


def read_age_label(label: str) -> AgeLabel:
    """Reads an age label of the fold files; a label without meaning is unknown.

    >>> read_age_label("(25, 23)")
    AgeLabel(age=-1, group='(25, 32)')
    >>> read_age_label("35")
    AgeLabel(age=35, group='(25, 32)')
    """
    if re.fullmatch(r"[0-9]{1,3}", label) and int(label) <= OLDEST:
        return AgeLabel(int(label), _nearest_group(int(label)))
    return AgeLabel(UNKNOWN_AGE, label if label in GROUPS else RANGES.get(label, UNKNOWN))


def _nearest_group(age: int) -> str:
    """Returns the nearest group, the younger of two, which is how MiVOLO's table maps every bare number."""

    def distance(group: str) -> int:
        youngest, oldest = _BOUNDS[group]
        return max(youngest - age, age - oldest, 0)

    return min(GROUPS, key=distance)
