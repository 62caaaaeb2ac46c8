"""What a search found, as TFX's Tuner writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visage.training.recipe.overrides import values_of


@dataclass(frozen=True)
class TrialResult:
    """A trial that did not fail: its values by key, and its lowest validation loss."""

    values: Mapping[str, Any]
    val_loss: float


def read_results(uri: str) -> list[TrialResult]:
    """The table of trials, the best first.

    Args:
        uri: of an artifact TunerResults.
    """
    rows = json.loads((Path(uri) / "tuner_results.json").read_text(encoding="utf-8"))
    return [
        TrialResult(
            values_of({key: value for key, value in row.items() if key not in ("trial_id", "score")}), row["score"]
        )
        for row in rows
    ]


def read_best_values(uri: str) -> dict[str, Any]:
    """By key of the configuration; the Trainer takes them from the same file.

    Args:
        uri: of an artifact HyperParameters.
    """
    return values_of(json.loads((Path(uri) / "best_hyperparameters.txt").read_text(encoding="utf-8"))["values"])
