"""Checks that two models may be compared on the test split of one of them."""

from __future__ import annotations

from pathlib import Path

from visage.saved_model.metadata import ModelMetadata, read_metadata
from visage.saved_model.provenance import shares_test_faces


def why_not_comparable(candidate: Path, other: Path) -> str | None:
    """Returns why another model cannot be compared with a candidate on the candidate's test split; None if it can.

    It cannot if it may have been trained on faces of that split, or reads crops of another geometry. What an older
    model does not record is taken as the candidate's.

    Args:
        candidate: folder of its SavedModel.
        other: the other one's.
    """
    own, others = _metadata(candidate), _metadata(other)
    trained = shares_test_faces(own, others)
    if trained:
        return f"may have been trained on faces of this test split ({trained})"
    if own.alignment and others.alignment and dict(own.alignment) != dict(others.alignment):
        return "reads crops of another geometry (alignment)"
    return None


def _metadata(saved_model: Path) -> ModelMetadata:
    try:
        return read_metadata(saved_model)
    except (OSError, ValueError):
        return ModelMetadata()
