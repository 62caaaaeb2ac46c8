"""Checks that two models may be compared on a split of one of them."""

from __future__ import annotations

from pathlib import Path

from visage.saved_model.metadata import known_metadata
from visage.saved_model.provenance import may_share_training_faces, shares_test_faces


def why_not_comparable(candidate: Path, other: Path, split: str = "test") -> str | None:
    """Returns why another model cannot be compared with a candidate on the candidate's split; None if it can.

    It cannot if it may have been trained on faces of that split, or reads crops of another geometry. What an older
    model does not record is taken as the candidate's.

    Args:
        candidate: folder of its SavedModel.
        other: the other one's.
        split: 'train', 'val' or 'test'.
    """
    own, others = known_metadata(candidate), known_metadata(other)
    trained = shares_test_faces(own, others)
    if trained:
        return f"may have been trained on faces of this {split} split ({trained})"
    if split == "train" and may_share_training_faces(own, others):
        return "may have been trained on faces of this train split, as the candidate was"
    if own.alignment and others.alignment and dict(own.alignment) != dict(others.alignment):
        return "reads crops of another geometry (alignment)"
    return None
