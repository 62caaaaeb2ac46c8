"""Tells how far a search has come, in images: trials may differ in the size of their batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate

from visage import progress
from visage.progress import Report
from visage.training.reports.reporting import TRAIN


class SearchProgress:
    """Retells what each trial's training reports as a part of the whole search."""

    def __init__(self, trials: int, images: Mapping[str, int]) -> None:
        """Counts from the first trial on.

        Args:
            trials: how many are to come.
            images: that each trial learns from, repeated ones counted, by phase as `report_step` names them.
        """
        self._trials = trials
        self._phases = images
        self._before = dict(zip(images, accumulate([0, *images.values()]), strict=False))
        self._images = sum(images.values())
        self._ended = 0
        self._in_trial = 0
        self._lowest: float | None = None

    def end_trial(self, loss: float | None) -> None:
        """Counts a trial, trained now or earlier; `loss`: its validation loss, None where it failed."""
        self._ended += 1
        self._in_trial = 0
        if loss is not None:
            self._lowest = loss if self._lowest is None else min(self._lowest, loss)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Retells what is reported inside the `with` block as of the next trial."""
        with progress.retold(self._retell):
            yield

    def _retell(self, step: str, done: int, total: int | None, note: str) -> Report:
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
