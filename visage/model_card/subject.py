"""Names what a card is about: whose predictions, on which records, measured by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a record of a split is called.
_RECORDS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Subject:
    """What a card is about; the defaults are those of a run, where Pusher reads the verdict.

    Attributes:
        kind: 'model', or 'predictions' of a system that is not at hand.
        name: of the model with its version, e.g. 'visage/17', or of the file of predictions; None: known only when the
            model is pushed.
        split: 'train', 'val' or 'test'; None: a file of predictions does not name it.
        by_run: whether a run measured it, not `visage evaluate`.
        baseline: name of the model or the file that it is compared with; None: the blessed model, if any.
        no_evidence: one line why the figures are no evidence; None: they are.
    """

    kind: Literal["model", "predictions"] = "model"
    name: str | None = None
    split: str | None = "test"
    by_run: bool = True
    baseline: str | None = None
    no_evidence: str | None = None

    @property
    def is_model(self) -> bool:
        """Returns whether the model itself is at hand."""
        return self.kind == "model"

    @property
    def record(self) -> str:
        """Returns what one of the measured records is called, e.g. 'test record'."""
        return "record" if self.split is None else f"{_RECORDS[self.split]} record"

    @property
    def records(self) -> str:
        """Returns what all of them are called, e.g. 'test split'."""
        return "file" if self.split is None else f"{_RECORDS[self.split]} split"

    @property
    def system(self) -> str:
        """Returns what made the predictions, for people."""
        return "model" if self.is_model else "system"

    @property
    def baseline_title(self) -> str:
        """Returns what the other model is called."""
        return "previous model" if self.by_run else "baseline"
