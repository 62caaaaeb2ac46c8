"""The rate and the time left that progress shows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.output.pace import Pace, rate

REPORTS = st.lists(
    st.tuples(
        st.sampled_from(["train", "evaluate"]),
        st.integers(0, 1000),
        st.none() | st.integers(0, 1000),
        st.floats(0, 1000),
    )
)


@given(REPORTS)
def test_neither_rate_nor_time_left_is_ever_negative(reports: list[tuple[str, int, int | None, float]]) -> None:
    pace = Pace()
    now = 0.0
    for step, done, total, seconds in reports:
        now += seconds
        assert re.fullmatch(r"|[\d,.]+/(s|min|h)(, \d+:\d\d left)?", pace.update(step, done, total, now))


@pytest.mark.parametrize("done", [0, 40])
def test_a_step_of_the_same_name_starts_over(done: int) -> None:
    pace = Pace()
    for reached, now in ((0, 0.0), (1, 10.0), (101, 20.0)):
        pace.update("train", reached, 200, now)
    assert pace.is_new("train", done)
    words = [pace.update("train", done + more, 200, 1000.0 + 10 * more) for more in (0, 1, 2)]
    assert words == ["", "", f"6/min, {(198 - done) * 10 // 60}:{(198 - done) * 10 % 60:02d} left"]


def test_a_repeated_step_starts_over() -> None:
    pace = Pace()
    for step, done, now in (("train", 1, 0.0), ("train", 2, 10.0), ("test", 0, 20.0)):
        pace.update(step, done, 10, now)
    assert pace.is_new("train", 3)


def test_units_above_the_total_leave_no_time() -> None:
    pace = Pace()
    assert [pace.update("train", done, 2, done * 10.0) for done in (0, 1, 3)] == ["", "", "6/min, 0:00 left"]


@pytest.mark.parametrize(("speed", "words"), [(1234.5, "1,234/s"), (1, "1/s"), (0.2, "12/min"), (1 / 7200, "0.5/h")])
def test_slow_rates_are_by_the_minute_or_the_hour(speed: float, words: str) -> None:
    assert rate(speed) == words
