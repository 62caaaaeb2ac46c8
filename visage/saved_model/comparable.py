"""Checks that two models may be compared on a split of one of them, and that neither was trained on it."""

from __future__ import annotations

from pathlib import Path

from visage.saved_model.metadata import known_metadata
from visage.saved_model.provenance import (
    may_share_training_faces,
    recorded_trainings,
    shares_test_faces,
    undisclosed_sources,
)


def why_not_comparable(candidate: Path, other: Path, split: str = "test") -> str | None:
    """Returns why another model cannot be compared with a candidate on the candidate's split; None if it can.

    It cannot if it records that it may have been trained on faces of that split, or that it reads crops of another
    geometry. What a model does not record refuses nothing, so that versions of earlier releases stop no retrain:
    `why_independence_unknown` names what is missing.

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


def why_independence_unknown(candidate: Path, other: Path) -> str | None:
    """Returns why nobody knows whether another model was trained on faces of a split; None if not so.

    Args:
        candidate: folder of its SavedModel.
        other: the other one's.
    """
    if recorded_trainings(known_metadata(candidate)) is None:
        return "the candidate does not record its split"
    if recorded_trainings(known_metadata(other)) is None:
        return "it does not record its training data, which may include faces of this split"
    if undisclosed_sources(known_metadata(other).learned_from):
        return "it was trained on images that their owner did not publish, which may include faces of this split"
    return None
