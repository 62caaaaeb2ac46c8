"""Reads and writes `assets.extra/training_history.json`: the loss and the metrics of each epoch of a training."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from visage.saved_model.metadata import ASSETS_EXTRA

HISTORY_FILE = f"{ASSETS_EXTRA}/training_history.json"


@dataclass(frozen=True)
class PhaseHistory:
    """One phase of a training.

    Attributes:
        name: e.g. 'train', or 'fine-tune' for the second one.
        epochs: the metrics of each epoch, those of validation prefixed with `val_`.
    """

    name: str
    epochs: Sequence[Mapping[str, float]]

    @property
    def best_epoch(self) -> int | None:
        """Returns the number of the epoch with the lowest validation loss, from 1; None without an epoch."""
        losses = [epoch.get("val_loss", math.inf) for epoch in self.epochs]
        return losses.index(min(losses)) + 1 if losses else None


def write_history(saved_model: Path, history: Sequence[PhaseHistory]) -> None:
    """Writes the file into a SavedModel that is not yet under its final name.

    Raises:
        OSError: it cannot be written.
    """
    file = saved_model / HISTORY_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps([asdict(phase) for phase in history]) + "\n", encoding="utf-8")


def read_history(saved_model: Path) -> list[PhaseHistory]:
    """Reads the phases of a model's training; none of a model that does not record them, or whose file is damaged."""
    try:
        phases = json.loads((saved_model / HISTORY_FILE).read_bytes())
    except (OSError, ValueError):
        return []
    return [found for phase in phases if (found := _phase(phase)) is not None] if isinstance(phases, list) else []


def _phase(document: Any) -> PhaseHistory | None:
    if not isinstance(document, dict) or not isinstance(document.get("epochs"), list):
        return None
    epochs = [
        {str(name): float(value) for name, value in epoch.items() if isinstance(value, int | float)}
        for epoch in document["epochs"]
        if isinstance(epoch, dict)
    ]
    return PhaseHistory(str(document.get("name", "train")), epochs)
