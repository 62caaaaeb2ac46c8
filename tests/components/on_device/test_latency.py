"""Models take turns, and even one face is enough to time them on."""

import time

import numpy as np

from components.on_device.latency import in_turn
from tests.components.on_device.networks import pictures


def test_one_picture_is_enough() -> None:
    pauses = iter([0.2] * 5 + [0.01])

    def slow_at_first(pixels: np.ndarray) -> None:
        time.sleep(next(pauses))

    (milliseconds,) = in_turn([slow_at_first], pictures(1, seed=1))
    assert 10 <= milliseconds < 100
