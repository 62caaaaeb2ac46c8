"""Defines the label of an age, an interval of completed years, and reads it from the texts of tables.

An age label says that a person's age in completed years is one of `low` to `high`, both included. An exact age is an
interval of width one: `low` equals `high`, and may have a fraction where the source gives one (28.16). Adience's groups
and FairFace's "20-29" and "more than 70" are wider intervals. An unknown age is None, never an interval.

What follows from a label is derived from it and nowhere stored beside it: the age in years (`age`, exact labels alone)
and the age group (`group`, where all years of the interval belong to one group).
"""

import math
import re
from dataclasses import dataclass

from visage.data.labels import AGE_GROUPS, age_group

OLDEST = 120
"""Years; a group of a table that reaches further counts as an error."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# ASCII digits alone: Python's \d also matches those of other scripts.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?")
_RANGE = re.compile(r"([0-9]{1,3}) ?(?:-|\u2013|to) ?([0-9]{1,3})|\(([0-9]{1,3}), ?([0-9]{1,3})\)")
# FairFace's last group: the one before it is 60-69.
_AND_OLDER = re.compile(r">= ?([0-9]{1,3})|([0-9]{1,3}) ?\+|more than (70)")
_OLDER_THAN = re.compile(r"(?:more than|over|above|>) ?([0-9]{1,3})")
_MONTH = "|".join(_MONTHS)
_DAY_AND_MONTH = re.compile(rf"([0-9]{{1,2}})-({_MONTH})")
_MONTH_AND_YEAR = re.compile(rf"({_MONTH})-([0-9]{{1,2}})")


@dataclass(frozen=True)
class AgeInterval:
    """The label of an age.

    Attributes:
        low: years; the lowest age in completed years that the label allows. An exact age may have a fraction.
        high: years; the highest one, included. It equals `low` of an exact age.
    """

    low: float
    high: float

    @staticmethod
    def exact(age: float) -> "AgeInterval":
        """Returns the label of an exact age in years."""
        return AgeInterval(age, age)

    @property
    def age(self) -> float | None:
        """Returns the age in years; None where the label allows several."""
        # Not `low == high`: a source may give an age that is no number, which a cleaning rule drops.
        return None if self.low < self.high else self.low

    @property
    def group(self) -> int | None:
        """Returns the index into `AGE_GROUPS` of the group that holds all years; None where they are in several.

        >>> [AgeInterval(*years).group for years in ((26, 26), (25, 32), (60, 69), (20, 29))]
        [4, 4, 7, None]
        """
        first = age_group(self.low)
        return first if self.low == self.high or age_group(self.high) == first else None

    def __str__(self) -> str:
        """Returns e.g. '26', '28.2', '20-29' or '70-120'."""
        return f"{self.low:.4g}" if self.age is not None else f"{self.low:g}-{self.high:g}"


GROUP_INTERVALS = tuple(AgeInterval(*map(float, group.split("-"))) for group in AGE_GROUPS)
"""The label that each of `AGE_GROUPS` is."""


def read_age(text: str) -> AgeInterval | None:
    """Reads an age label, a number of years or an age group, in any case.

    Spreadsheets convert some groups to dates: '3-9' becomes '9-Mar' where months precede days, '3-Sep' elsewhere. The
    first number of an age group is the smaller one, so either is the range from 3 to 9. '10-19' may also become
    'Oct-19'. "more than 70" is FairFace's last group, which begins with 70; ">70", "over 70" and "above 70" begin with
    71, and so does "more than" any other age with the next year.

    Args:
        text: the field of a table.

    Returns:
        The label; a group has 0 to 120 completed years, a number may be any finite one (the cleaning rules drop
        impossible ages). None if the text is no age label.

    >>> [str(read_age(text)) for text in ("25", "27.5", "20-29", "(25, 32)", "9-Mar", "9-3")]
    ['25', '27.5', '20-29', '25-32', '3-9', 'None']
    >>> [str(read_age(text)) for text in ("70+", ">=70", "more than 70", ">70", "over 70", "more than 60")]
    ['70-120', '70-120', '70-120', '71-120', '71-120', '61-120']
    """
    plain = text.strip().casefold()
    if _NUMBER.fullmatch(plain):
        return AgeInterval.exact(float(plain)) if math.isfinite(float(plain)) else None
    if match := _DAY_AND_MONTH.fullmatch(plain):
        first, last = sorted((int(match[1]), _MONTHS.index(match[2]) + 1))
    elif match := _MONTH_AND_YEAR.fullmatch(plain):
        first, last = _MONTHS.index(match[1]) + 1, int(match[2])
    elif match := _AND_OLDER.fullmatch(plain):
        first, last = next(int(number) for number in match.groups() if number), OLDEST
    elif match := _OLDER_THAN.fullmatch(plain):
        first, last = int(match[1]) + 1, OLDEST
    elif match := _RANGE.fullmatch(plain):
        first, last = (int(number) for number in match.groups() if number)
    else:
        return None
    return AgeInterval(float(first), float(last)) if first <= last <= OLDEST else None
