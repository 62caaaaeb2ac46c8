"""Counts the models that were measured on one test split: each one makes the best figure more a matter of chance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from visage.evaluation.predictions.table import Truths
from visage.files import write_atomically


def count_look(file: Path, truths: Truths, model: str) -> int:
    """Notes that a model is measured on a test split.

    Args:
        file: keeps the models of each split; what is missing or damaged in it is not counted.
        truths: labels of the split.
        model: a name that no other model has.

    Returns:
        The number of models that were measured on the same records, this one included.

    Raises:
        VisageError: the file cannot be written.
    """
    seen = _read(file)
    models = seen.setdefault(_digest(truths), [])
    if model not in models:
        models.append(model)
        write_atomically(file, json.dumps(seen, indent=1) + "\n")
    return len(models)


def _read(file: Path) -> dict[str, list[str]]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and all(isinstance(models, list) for models in found.values()) else {}


def _digest(truths: Truths) -> str:
    """Returns a digest of which images are in the split, whatever their order."""
    records = sorted(zip(truths.key.tolist(), truths.image_digest.tolist(), strict=True))
    return hashlib.sha256(json.dumps(records).encode()).hexdigest()[:32]
