"""Turns a schedule of five fields into that of Kubeflow, which counts seconds first (robfig/cron)."""

import re

from pipeline.config.cron import schedule_problem
from visage.errors import VisageError, quoted

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_WORDS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_RANGE = re.compile(r"(?P<first>\w+)-(?P<last>\w+)")


def kubeflow_cron(text: str) -> str:
    """Returns a schedule with Kubeflow's six fields.

    >>> kubeflow_cron("@weekly"), kubeflow_cron("30 4 * * mon-fri"), kubeflow_cron("0 4 * * 7")
    ('0 0 0 * * 0', '0 30 4 * * mon-fri', '0 0 4 * * 0')

    Args:
        text: five fields of cron or a preset, in the time zone of Kubeflow (UTC unless its administrator set another).

    Raises:
        VisageError: no such schedule, or one that Kubeflow's cron does not know.
    """
    text = text.strip()
    if problem := schedule_problem(text):
        raise VisageError(f"--recurring {quoted(text)} {problem}")
    if text.startswith("@") and text.lower() not in _PRESETS:
        raise VisageError(f"--recurring {quoted(text)}: Kubeflow has no such schedule; write five fields of cron")
    fields = _PRESETS.get(text.lower(), text).lower().split()
    for field in fields:
        if "#" in field or re.fullmatch("l[0-7]?", field):
            raise VisageError(
                f"--recurring {quoted(text)}: Kubeflow's cron has no {field}; write days as numbers or names"
            )
    # 7 is no day of robfig/cron; Sunday is 0.
    fields[4] = ",".join(_without_seven(part) for part in fields[4].split(","))
    for field in fields:
        for found in _RANGE.finditer(field):
            if _day(found["first"]) > _day(found["last"]):
                raise VisageError(
                    f"--recurring {quoted(text)}: Kubeflow's cron has no range that ends before it begins "
                    f"({found[0]}); write two ranges with a comma"
                )
    return " ".join(["0", *fields])


def _without_seven(part: str) -> str:
    """Replaces Sunday's second number in one part of the days of the week: '5-7' and 'fri-7' become '5,6,0'."""
    found = re.fullmatch(f"(?:(?P<first>[0-7]|{'|'.join(_WORDS)})-)?7(?:/(?P<step>[0-9]+))?", part)
    if found is None:
        return part
    days = range(_day(found["first"] or "7"), 8, int(found["step"] or 1))
    return ",".join(dict.fromkeys(str(day % 7) for day in days))


def _day(written: str) -> int:
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    for words in (_WORDS, months):
        if written in words:
            return words.index(written)
    return int(written)
