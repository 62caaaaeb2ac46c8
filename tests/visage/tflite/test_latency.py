"""Models take turns image by image, and one image is enough."""

import time

import numpy as np
import pytest

from tests.visage.tflite.networks import images
from visage.tflite.latency import in_turn


class Clock:
    """The clock that `in_turn` reads; it advances only when a model calls `work`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def work(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: clock.seconds)
    return clock


def test_one_image_is_enough_and_warm_up_calls_do_not_count(clock: Clock) -> None:
    calls = 0

    def slow_at_first(pixels: np.ndarray) -> None:
        nonlocal calls
        calls += 1
        clock.work(0.1 if calls <= 5 else 0.001)

    (took,) = in_turn([slow_at_first], images(1, seed=1))
    assert (took.fastest, took.median, took.slowest) == pytest.approx((1, 1, 1))


def test_a_machine_that_was_busy_for_a_while_shows_in_the_slowest_round_of_all_models(clock: Clock) -> None:
    shapes = []

    def busy_for_a_while(pixels: np.ndarray) -> None:
        shapes.append(pixels.shape)
        clock.work(0.02 if 100 < len(shapes) < 150 else 0.001)

    one, other = in_turn([busy_for_a_while, busy_for_a_while], images(3, seed=1))
    assert set(shapes) == {(1, 32, 32, 3)}
    for took in (one, other):
        assert (took.fastest, took.median, took.slowest) == pytest.approx((1, 1, 20))
