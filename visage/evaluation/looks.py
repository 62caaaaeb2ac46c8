"""Counts the models that were measured on one test split: each one makes the best figure more a matter of chance."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from visage.errors import VisageError
from visage.evaluation.predictions.table import Truths
from visage.files import write_atomically
from visage.lock import locked


def count_look(file: Path, truths: Truths, model: str) -> int:
    """Notes that a model is measured on a test split; waits while another process notes one in the same file.

    Args:
        file: keeps the models of each split; what is missing or damaged in it is not counted. Its lock is beside it.
        truths: labels of the split.
        model: a name that no other model has.

    Returns:
        The number of models that were measured on the same records, this one included.

    Raises:
        VisageError: the file or its lock cannot be written.
    """
    try:
        with locked(file.with_name(f"{file.name}.lock"), "count the models of a test split"):
            return _count(file, _digest(truths), model)
    except OSError as error:
        raise VisageError(f"{file}: cannot be locked: {error.strerror}; make its folder writable") from None


def _count(file: Path, split: str, model: str) -> int:
    seen = _read(file)
    models = seen.setdefault(split, [])
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
