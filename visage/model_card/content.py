"""Collects what a model card says, as `model_card.json` holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from visage.evaluation.evaluation import Evaluation, to_json
from visage.evaluation.metrics import metrics_of
from visage.evaluation.predictions.table import CANDIDATE
from visage.model_card import texts
from visage.model_card.cyclonedx import cyclonedx
from visage.model_card.data_terms import data_terms
from visage.model_card.lineage import Lineage
from visage.model_card.published import published_beside
from visage.model_card.splits import SplitStatistics
from visage.model_card.subject import Subject
from visage.saved_model.identity import identify
from visage.saved_model.metadata import ModelMetadata, TrainingProvenance
from visage.saved_model.training_history import PhaseHistory
from visage.training.settings import TrainerSettings

# The file of a card, and that of its page, in any folder that holds one.
FIGURES, PAGE = "model_card.json", "model_card.html"


@dataclass(frozen=True)
class ModelSize:
    """The size of a SavedModel.

    Attributes:
        bytes: of all its files.
        variables: of these, the bytes of its weights.
    """

    bytes: int
    variables: int


@dataclass(frozen=True)
class Latency:
    """The time that a model takes for one image.

    Attributes:
        milliseconds: the median of several calls.
        on: the machine and the way it was measured, in a few words.
    """

    milliseconds: float
    on: str


def size_of(saved_model: Path) -> ModelSize:
    """Returns the size of a SavedModel on disk."""
    sizes = {file: file.stat().st_size for file in saved_model.rglob("*") if file.is_file()}
    return ModelSize(sum(sizes.values()), sum(size for file, size in sizes.items() if file.parent.name == "variables"))


def make_card(
    *,
    made_at: str,
    evaluation: Evaluation,
    metadata: ModelMetadata,
    blessed: bool,
    infra_blessed: bool | None,
    cleaning_report: Mapping[str, Any] | None = None,
    statistics: Mapping[str, SplitStatistics] | None = None,
    recipe: TrainerSettings | None = None,
    searched: Mapping[str, Any] | None = None,
    history: Sequence[PhaseHistory] = (),
    suspect_labels: Mapping[str, Any] | None = None,
    size: ModelSize | None = None,
    latency: Latency | None = None,
    lineage: Lineage | None = None,
    resources: Sequence[Mapping[str, Any]] = (),
    subject: Subject | None = None,
) -> dict[str, Any]:
    """Returns what a model card says as one JSON object. What is None, or empty, is not known.

    Args:
        made_at: date and time, ISO 8601.
        evaluation: the result.
        metadata: the model's `visage.json`.
        blessed: by the Evaluator.
        infra_blessed: by InfraValidator; None: it did not run.
        cleaning_report: FaceExampleGen's `cleaning_report.json`.
        statistics: the people in each split.
        recipe: the settings of the training.
        searched: the recipe's values that a search found, by key.
        history: the epochs of the training, by phase.
        suspect_labels: counts of the training labels that look wrong; None: they were not judged.
        size: of the SavedModel.
        latency: of one image.
        lineage: where the model comes from.
        resources: what each node before the card used: `node`, `cached`, and the values of `ResourceUse`.
        subject: what the card is about; None: a model that a run measured on its test split.

    Raises:
        VisageError: the file of the published figures is damaged.
    """
    subject = subject or Subject()
    identity = asdict(identify(metadata, metadata.network or "model", None))
    heads = _heads(recipe, evaluation)
    terms = data_terms(_with_weights(metadata.learned_from, recipe))
    # The name and the version are known only when the model is pushed.
    unknown = ("name", "version", "summary")
    card = {
        # First in the JSON, before any figure.
        "identity": {key: value for key, value in identity.items() if key not in unknown},
        "made_at": made_at,
        "not_for_decisions": texts.NOT_FOR_DECISIONS,
        "subject": asdict(subject),
        "verdict": {
            "blessed": blessed,
            "infra_blessed": infra_blessed,
            # Whether it was pushed is known only to Pusher, which does not wait for the card.
            "may_be_pushed": subject.by_run and blessed and infra_blessed is True,
        },
        "model": metadata.to_json(),
        "recipe": None if recipe is None else recipe.model_dump(mode="json"),
        "searched": dict(searched or {}),
        "heads": heads,
        "data": {
            "cleaning_report": None if cleaning_report is None else dict(cleaning_report),
            "splits": {split: asdict(found) for split, found in (statistics or {}).items()},
        },
        "evaluation": to_json(evaluation),
        "not_measured": {
            spec.name: why
            for spec in metrics_of("evaluation")
            # A head that the network does not have is absent, not unmeasured.
            if heads[spec.head] is not None and (why := evaluation.overall.why_not_measured(spec.name)) is not None
        },
        "published": [asdict(row) for row in published_beside(evaluation, metadata.learned_from)],
        "training_history": [
            {"name": phase.name, "best_epoch": phase.best_epoch, "epochs": [dict(epoch) for epoch in phase.epochs]}
            for phase in history
        ],
        "suspect_labels": None if suspect_labels is None else dict(suspect_labels),
        "size": None if size is None else asdict(size),
        "latency": None if latency is None else asdict(latency),
        "lineage": None if lineage is None else asdict(lineage),
        "resources": [dict(one) for one in resources],
        "data_terms": [asdict(each) for each in terms],
        "users": list(texts.USERS),
        "intended_use": list(texts.INTENDED_USE),
        "not_for": list(texts.NOT_FOR),
        "limitations": list(texts.LIMITATIONS),
    }
    return {**card, "modelCard": cyclonedx(evaluation, metadata, heads, terms, statistics or {}, subject)}


def _with_weights(
    trainings: Sequence[TrainingProvenance] | None, recipe: TrainerSettings | None
) -> Sequence[TrainingProvenance] | None:
    """Returns the trainings with the start of the model's own, which older models do not record."""
    if not trainings or recipe is None or trainings[0].weights is not None:
        return trainings
    return [replace(trainings[0], weights=recipe.first_weights), *trainings[1:]]


def _heads(recipe: TrainerSettings | None, evaluation: Evaluation) -> dict[str, str | None]:
    """Returns the kind of each head; None: there is no such head.

    Without a recipe, the kind of a head is 'unknown', but for one that predicts age groups alone.
    """
    if recipe is not None:
        return {"age": recipe.spec.age_head, "gender": recipe.spec.gender_head}
    measured = [spec for spec in metrics_of("evaluation") if spec.name in evaluation.overall.figures[CANDIDATE]]
    heads, targets = {spec.head for spec in measured}, {spec.target for spec in measured}
    age = "unknown" if "age" in targets else "age_groups"
    return {"age": age if "age" in heads else None, "gender": "unknown" if "gender" in heads else None}
