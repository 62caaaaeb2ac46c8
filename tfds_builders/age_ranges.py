"""Age groups as tables write them, e.g. FairFace's."""

import re

OLDEST = 120
"""Years; a higher age counts as an error."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RANGE = re.compile(r"(\d{1,3}) ?(?:-|\u2013|to) ?(\d{1,3})|\((\d{1,3}), ?(\d{1,3})\)")
_AND_OLDER = re.compile(r"(?:more than|over|above|>=?) ?(\d{1,3})|(\d{1,3}) ?\+")
_MONTH = "|".join(_MONTHS)
_DAY_AND_MONTH = re.compile(rf"(\d{{1,2}})-({_MONTH})")
_MONTH_AND_YEAR = re.compile(rf"({_MONTH})-(\d{{1,2}})")


def read_age_range(text: str) -> tuple[int, int] | None:
    """Reads an age group, in any case.

    Spreadsheets convert some to dates: '3-9' becomes '9-Mar' where months precede days, '3-Sep' elsewhere. The first
    number of an age group is the smaller one, so either is the range from 3 to 9. '10-19' may also become 'Oct-19'.

    Returns:
        First and last completed year, 0 to 120; None if the text is no age group.
    >>> [read_age_range(text) for text in ("3-9", "9-Mar", "Oct-19", "(25, 32)", "more than 70", "70+", "9-3")]
    [(3, 9), (3, 9), (10, 19), (25, 32), (70, 120), (70, 120), None]
    """
    plain = text.strip().casefold()
    if match := _DAY_AND_MONTH.fullmatch(plain):
        first, last = sorted((int(match[1]), _MONTHS.index(match[2]) + 1))
    elif match := _MONTH_AND_YEAR.fullmatch(plain):
        first, last = _MONTHS.index(match[1]) + 1, int(match[2])
    elif match := _AND_OLDER.fullmatch(plain):
        first, last = int(match[1] or match[2]), OLDEST
    elif match := _RANGE.fullmatch(plain):
        first, last = (int(number) for number in match.groups() if number)
    else:
        return None
    return (first, last) if first <= last <= OLDEST else None
