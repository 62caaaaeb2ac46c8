"""Tells how far a search has come, in pictures: trials may differ in the size of their batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from components import progress
from components.progress import Report


class SearchProgress:
    """Retells what each trial's training reports as a part of the whole search."""

    def __init__(self, trials: int, pictures: int) -> None:
        """A search of so many trials, each of which learns from so many pictures, repeated ones counted."""
        self._trials = trials
        self._pictures = pictures
        self._ended = 0
        self._in_trial = 0
        self._lowest: float | None = None

    def end_trial(self, loss: float | None) -> None:
        """Counts a trial, trained now or earlier; `loss`: its validation loss, None where it diverged."""
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
        if step == "train" and total:
            # A second phase begins anew; it is not to count backwards.
            self._in_trial = max(self._in_trial, self._pictures * done // total)
        else:
            note = f"{step} {done:,}" + (f" of {total:,}" if total is not None else "") + (f", {note}" if note else "")
        best = "" if self._lowest is None else f", lowest validation loss {self._lowest:.4f}"
        done = self._ended * self._pictures + self._in_trial
        return (
            "search",
            done,
            self._trials * self._pictures,
            f"trial {self._ended + 1} of {self._trials}{best}; {note}",
        )
