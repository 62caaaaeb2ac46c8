"""Checks a schedule as Airflow does: a preset, or five fields of cron.

Airflow parses it with croniter, which neither stack installs; a test compares the two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PRESETS = (
    *("@once", "@continuous", "@hourly", "@daily", "@midnight"),
    *("@weekly", "@monthly", "@quarterly", "@yearly", "@annually"),
)


@dataclass(frozen=True)
class _Field:
    """One field.

    Attributes:
        words: names of the values, from the least one on.
        special: pattern of what is allowed instead of values, ranges and steps.
    """

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()
    special: str = ""


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NTH_DAY = rf"([0-7]|{'|'.join(_WEEKDAYS)})#[1-5]"
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    # l: the last day.
    _Field("day of the month", 1, 31, special=r"\?|l"),
    _Field("month", 1, 12, _MONTHS),
    # 7 is Sunday, too; 5#2: the second Friday; l5: the last one.
    _Field("day of the week", 0, 7, _WEEKDAYS, special=rf"\?|l[0-7]|{_NTH_DAY}(,{_NTH_DAY})*"),
)


def schedule_problem(text: str) -> str | None:
    """Returns the problem of a schedule; None if Airflow accepts it.

    Steps above the field's length are a problem here, though Airflow accepts them: every 90th minute of an hour is only
    its first one.

    >>> schedule_problem("30 4 * * mon-fri")
    >>> schedule_problem("every monday")
    "has 2 fields, not 5 (minute, hour, day of the month, month, day of the week); write '0 4 * * 1', or @weekly"
    """
    if text.startswith("@"):
        return None if text.lower() in PRESETS else f"is no preset; choose from {', '.join(PRESETS)}"
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        return f"has {len(fields)} fields, not 5 ({names}); write '0 4 * * 1', or @weekly"
    for field, written in zip(_FIELDS, fields, strict=True):
        if field.special and re.fullmatch(field.special, written):
            continue
        for part in written.split(","):
            if not _is_part(part, field):
                words = f", or {field.words[0]} to {field.words[-1]}" if field.words else ""
                return f"has {part!r} as the {field.name}; write {field.least} to {field.most}{words}, 1-5, *, or */2"
    if _never_comes(*fields[2:]):
        return f"never comes: no month {fields[3]} has a day {fields[2]}"
    return None


def _never_comes(days: str, months: str, weekdays: str) -> bool:
    """Returns whether no day matches; given days of the week always match."""
    if weekdays not in ("*", "?") or days in ("?", "l"):
        return False
    return min(_values(days, _FIELDS[2])) > max(_LONGEST[month - 1] for month in _values(months, _FIELDS[3]))


def _values(written: str, field: _Field) -> Iterator[int]:
    """Yields the values of a field of numbers, names, ranges and steps."""
    for part in written.split(","):
        values, _, step = part.partition("/")
        first, _, last = values.partition("-")
        start = field.least if first == "*" else _number(first, field)
        end = field.most if first == "*" or (step and not last) else _number(last or first, field)
        # A range that ends before it begins wraps around.
        yield from range(start, end + 1, int(step or 1)) if start <= end else range(field.least, field.most + 1)


def _number(written: str, field: _Field) -> int:
    return field.least + field.words.index(written) if written in field.words else int(written)


def _is_part(part: str, field: _Field) -> bool:
    matched = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part, re.ASCII)
    if matched is None:
        return False
    first, last, step = matched.groups()
    if step is not None and not 0 < int(step) <= field.most:
        return False
    if first == "*":
        return last is None
    return _is_value(first, field) and _is_value(last or first, field)


def _is_value(written: str, field: _Field) -> bool:
    return written in field.words or (written.isdecimal() and field.least <= int(written) <= field.most)
