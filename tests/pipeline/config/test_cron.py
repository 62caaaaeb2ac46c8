"""A schedule that Airflow would reject is an error before a DAG is written; Airflow parses it with croniter."""

import json
import subprocess

import pytest

from pipeline.config.cron import schedule_problem
from tests.pipeline.airflow_environment import airflow_environment

GOOD = (
    *("* * * * *", "0 4 * * 1", "*/15 * * * *", "0,30 8-18/2 1-15 jan-mar mon,wed,fri", "  0\t4 * *   1 "),
    *("59 23 31 12 7", "5/15 * * * *", "0 0 * * SUN", "0 22 * * fri-mon", "50-10 * * * *", "00 04 * * 01"),
    *("0 0 L * *", "0 0 ? * 1", "0 0 1 * ?", "0 0 * * 5#2", "0 0 * * fri#1,mon#3", "0 0 * * L5"),
    *("0 0 29 2 *", "0 0 31 2 1", "0 0 31 jan-feb *", "0 0 L 2 *", "0 0 30-2 2 *", "0 0 31 2/6 *"),
    *("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "@Daily"),
)
# Airflow's own, which croniter does not know.
AIRFLOWS = ("@once", "@continuous", "@quarterly")
BAD = (
    *("every monday", "", "monday", "* * * *", "0 0 * * 1 #weekly", "@", "@reboot", "@weekdays"),
    *("60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8"),
    *("-1 * * * *", "1.5 * * * *", "1- * * * *", "1,,2 * * * *", "1, 2 * * *", "*-5 * * * *", "1-2-3 * * * *"),
    *("*/0 * * * *", "*/x * * * *", "*/*/2 * * * *", "* * * mon *", "* * * * jan", "L * * * *", "? * * * *"),
    *("0 0 * * 5#6", "0 0 ?,1 * *", "0 0 * * ?,fri", "0 0 * * 1,L5", "٣ * * * *"),
)
# croniter accepts these, but they have no meaning: every 90th minute of an hour, a sixth field, a day of no month.
REFUSED_ALL_THE_SAME = (
    *("*/90 * * * *", "* */24 * * *", "* * * */13 *", "0 0 * * 1 30"),
    *("0 0 31 2 *", "0 0 30 feb ?", "0 0 31 4,6,9,11 *", "0 0 31 2/9 *"),
)


@pytest.mark.parametrize("text", [*GOOD, *AIRFLOWS])
def test_schedules_of_airflow_are_accepted(text: str) -> None:
    assert schedule_problem(text) is None


@pytest.mark.parametrize("text", [*BAD, *REFUSED_ALL_THE_SAME])
def test_other_schedules_are_errors(text: str) -> None:
    assert schedule_problem(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("@dayly", "is no preset; choose from @once, @continuous, "),
        ("0 25 * * *", "has '25' as the hour; write 0 to 23, 1-5, *, or */2"),
        ("0 0 31 2 *", "never comes: no month 2 has a day 31"),
        ("0 0 * * mo", "has 'mo' as the day of the week; write 0 to 7, or sun to sat, 1-5, *, or */2"),
    ],
)
def test_the_error_names_what_is_allowed(text: str, problem: str) -> None:
    assert (schedule_problem(text) or "").startswith(problem)


CRONITER = """
import json, sys
from croniter import croniter
def takes(text):
    try:
        croniter(text)
    except Exception:
        return False
    return True
print(json.dumps([takes(text) for text in json.load(sys.stdin)]))
"""


@pytest.mark.slow
def test_croniter_in_airflows_environment_agrees() -> None:
    texts = [*GOOD, *BAD, *REFUSED_ALL_THE_SAME]
    ended = subprocess.run(
        [airflow_environment() / "python", "-c", CRONITER],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    taken = {text for text, taken in zip(texts, json.loads(ended.stdout), strict=True) if taken}
    assert taken == {*GOOD, *REFUSED_ALL_THE_SAME}
