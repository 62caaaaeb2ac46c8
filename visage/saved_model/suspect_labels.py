"""Reads and writes `assets.extra/suspect_labels.json`: how many labels of the training split look wrong, in numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visage.saved_model.metadata import ASSETS_EXTRA

SUSPECTS_FILE = f"{ASSETS_EXTRA}/suspect_labels.json"

ACTIONS = {"report": "kept", "downweight": "downweighted", "drop": "dropped"}
"""What became of the labels, by the setting `cleaning.suspect_labels`."""


def write_suspect_labels(saved_model: Path, summary: Mapping[str, Any]) -> None:
    """Writes the file into a SavedModel that is not yet under its final name.

    Args:
        saved_model: its folder.
        summary: as `visage.training.suspects.table.SuspectTable.summary` counts.

    Raises:
        OSError: it cannot be written.
    """
    file = saved_model / SUSPECTS_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def read_suspect_labels(saved_model: Path) -> dict[str, Any] | None:
    """Reads the counts; None of a model whose labels were not judged, or whose file is damaged."""
    try:
        summary = json.loads((saved_model / SUSPECTS_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return summary if isinstance(summary, dict) and summary.get("action") in ACTIONS else None


def suspects_in_words(summary: Mapping[str, Any]) -> str:
    """Returns the counts as text, e.g. '131 of 13,106 ages, 92 of 13,106 genders of train look wrong: dropped'."""
    counts = [
        f"{summary[label]['suspect']:,} of {summary[label]['judged']:,} {label}s"
        for label in ("age", "gender")
        if summary[label]["judged"]
    ]
    if not counts:
        return "no label of train was judged: too few are known"
    found = any(summary[label]["suspect"] for label in ("age", "gender"))
    return f"{', '.join(counts)} of train look wrong{': ' + ACTIONS[summary['action']] if found else ''}"
