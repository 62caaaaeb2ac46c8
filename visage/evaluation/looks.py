"""Counts the models that were measured on one test split: each one makes the best figure more a matter of chance."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from visage.errors import VisageError
from visage.evaluation.predictions.table import Truths
from visage.files import write_atomically
from visage.lock import locked

_ADAPTER = TypeAdapter(dict[str, list[str]])
_LOGGER = logging.getLogger(__name__)


def count_look(file: Path, truths: Truths, model: str) -> int | None:
    """Notes that a model is measured on a test split; waits while another process notes one in the same file.

    Args:
        file: keeps the models of each split. Its lock is beside it.
        truths: labels of the split.
        model: digest of its graph and weights, so that a retrain that gives the same model does not count again.

    Returns:
        The number of models that were measured on the same records, this one included; None: the file is damaged, so
        the number is not known. The log has the reason, and the file stays.

    Raises:
        VisageError: the file or its lock cannot be written.
    """
    try:
        with locked(file.with_name(f"{file.name}.lock"), "count the models of a test split"):
            return _count(file, _digest(truths), model)
    except _DamagedError:
        _LOGGER.warning(
            "%s: is damaged, so the models of this test split are not counted; remove it to begin at 1", file
        )
        return None
    except OSError as error:
        raise VisageError(f"{file}: cannot be locked: {error.strerror}; make its folder writable") from None


class _DamagedError(Exception):
    """The file is not what `count_look` wrote."""


def _count(file: Path, split: str, model: str) -> int:
    seen = _read(file)
    models = seen.setdefault(split, [])
    if model not in models:
        models.append(model)
        write_atomically(file, json.dumps(seen, indent=1) + "\n")
    return len(models)


def _read(file: Path) -> dict[str, list[str]]:
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError:
        raise _DamagedError from None


def _digest(truths: Truths) -> str:
    """Returns a digest of which images are in the split, whatever their order."""
    records = sorted(zip(truths.key.tolist(), truths.image_digest.tolist(), strict=True))
    return hashlib.sha256(json.dumps(records).encode()).hexdigest()[:32]
