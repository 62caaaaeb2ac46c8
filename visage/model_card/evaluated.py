"""Makes the card of an evaluation outside a run: of a model that may have come from anywhere, or of predictions."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from visage.evaluation.evaluation import Evaluation
from visage.files import digest_of
from visage.model_card.content import make_card, size_of
from visage.model_card.lineage import Lineage, split_digests
from visage.model_card.subject import Subject
from visage.saved_model.metadata import ModelMetadata, known_metadata
from visage.saved_model.suspect_labels import read_suspect_labels
from visage.saved_model.training_history import read_history


def card_of_model(
    model: Path,
    examples: Path,
    split: str,
    evaluation: Evaluation,
    baseline: Path | None = None,
    no_evidence: str | None = None,
) -> dict[str, Any]:
    """Returns the card of a model; what its own files do not record is not known.

    Args:
        model: folder of the SavedModel.
        examples: folder of the examples that it was measured on.
        split: of them.
        evaluation: the result.
        baseline: the SavedModel or the file of predictions that it was compared with.
        no_evidence: one line why the figures are no evidence; None: they are.
    """
    metadata = known_metadata(model)
    previous = None if baseline is None else known_metadata(baseline).own_training.training
    return make_card(
        made_at=_now(),
        evaluation=evaluation,
        metadata=metadata,
        blessed=evaluation.blessed,
        infra_blessed=None,
        history=read_history(model),
        suspect_labels=read_suspect_labels(model),
        size=size_of(model),
        lineage=Lineage(data=split_digests(examples, [split]), model=digest_of(model), previous=previous),
        subject=Subject(
            name=_short_name(model),
            split=split,
            by_run=False,
            baseline=None if baseline is None else _short_name(baseline),
            no_evidence=no_evidence,
        ),
    )


def card_of_predictions(predictions: Path, evaluation: Evaluation, baseline: Path | None = None) -> dict[str, Any]:
    """Returns the card of a system of which only the predictions are at hand.

    Args:
        predictions: the file.
        evaluation: the result.
        baseline: the file of predictions that it was compared with.
    """
    return make_card(
        made_at=_now(),
        evaluation=evaluation,
        metadata=ModelMetadata(),
        blessed=evaluation.blessed,
        infra_blessed=None,
        lineage=Lineage(predictions=digest_of(predictions)),
        subject=Subject(
            kind="predictions",
            name=_short_name(predictions),
            split=None,
            by_run=False,
            baseline=None if baseline is None else _short_name(baseline),
        ),
    )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _short_name(path: Path) -> str:
    """Returns the name of a file, or that of a model with its version, without the folders above."""
    return path.name if path.is_file() else "/".join(path.parts[-2:])
