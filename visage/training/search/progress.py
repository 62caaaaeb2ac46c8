"""Progress of a search, in images, because trials may differ in batch size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate

from visage import progress
from visage.progress import Report
from visage.training.reports.reporting import TRAIN


class SearchProgress:
    """Converts the progress of each trial's training into the progress of the whole search."""

    def __init__(self, trials: int, images: Mapping[str, int]) -> None:
        """Starts at the first trial.

        Args:
            trials: number of trials.
            images: number of images that each trial learns from, repetitions counted, by phase as in `report_step`.
        """
        self._trials = trials
        self._phases = images
        self._before = dict(zip(images, accumulate([0, *images.values()]), strict=False))
        self._images = sum(images.values())
        self._ended = 0
        self._in_trial = 0
        self._lowest: float | None = None

    def end_trial(self, loss: float | None) -> None:
        """Counts a trial, trained now or earlier; `loss` is its validation loss, None if it failed."""
        self._ended += 1
        self._in_trial = 0
        if loss is not None:
            self._lowest = loss if self._lowest is None else min(self._lowest, loss)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Converts what is reported inside the `with` block into progress of the search."""
        with progress.reworded(self._reword):
            yield

    def _reword(self, step: str, done: int, total: int | None, note: str) -> Report:
        if step in self._phases and total:
            self._in_trial = self._before[step] + self._phases[step] * done // total
        if step != TRAIN:
            note = f"{step} {done:,}" + (f" of {total:,}" if total is not None else "") + (f", {note}" if note else "")
        best = "" if self._lowest is None else f", lowest validation loss {self._lowest:.4f}"
        done = self._ended * self._images + self._in_trial
        return (
            "search",
            done,
            self._trials * self._images,
            f"trial {self._ended + 1} of {self._trials}{best}; {note}",
        )
