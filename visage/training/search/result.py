"""The result of a search, as TFX's Tuner writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visage.training.overrides import values_of


@dataclass(frozen=True)
class TrialResult:
    """A trial that did not fail: its values by key, and its lowest validation loss."""

    values: Mapping[str, Any]
    val_loss: float


def read_results(uri: str) -> list[TrialResult]:
    """Reads the table of trials, best first.

    Args:
        uri: URI of a TunerResults artifact.
    """
    rows = json.loads((Path(uri) / "tuner_results.json").read_text(encoding="utf-8"))
    return [
        TrialResult(
            values_of({key: value for key, value in row.items() if key not in ("trial_id", "score")}), row["score"]
        )
        for row in rows
    ]


def read_best_values(uri: str) -> dict[str, Any]:
    """Reads the best values, by key of the configuration, from the file that the Trainer reads too.

    Args:
        uri: URI of a HyperParameters artifact.
    """
    return values_of(json.loads((Path(uri) / "best_hyperparameters.txt").read_text(encoding="utf-8"))["values"])
