"""The figures of a model card, as `model_card.json` holds them."""

from dataclasses import asdict
from typing import Any

from components.model_card.statistics import SplitStatistics
from visage.evaluation.evaluation import Evaluation
from visage.evaluation.metrics import metrics_of
from visage.saved_model.identity import identify
from visage.saved_model.metadata import ModelMetadata
from visage.training.settings import TrainerSettings

INTENDED_USE = (
    "Research and teaching on age and gender estimation from face images.",
    "Statistics over many images, where single errors cancel out and the errors on this page are taken into account.",
    "A starting point for a model trained on data whose licence and origin you know.",
)
NOT_FOR = (
    "Decisions about people: access, employment, insurance, policing, checks of a person's age or identity.",
    "Identifying people. Gender here means the binary label that the data sets carry, given by others from looks; "
    "it has no other values and does not mean a person's gender identity.",
    "Commercial use, where it was trained on IMDB-WIKI, Adience or UTKFace: these are for non-commercial research.",
    "Groups of people that this page shows few of, or none.",
)


def make_card(
    *,
    made_at: str,
    cleaning_report: dict[str, Any],
    statistics: dict[str, SplitStatistics],
    metadata: ModelMetadata,
    recipe: TrainerSettings,
    searched: dict[str, Any],
    evaluation: Evaluation,
    blessed: bool,
    infra_blessed: bool,
) -> dict[str, Any]:
    """Returns the figures of a model as one JSON object.

    Args:
        made_at: date and time, ISO 8601.
        cleaning_report: FaceExampleGen's `cleaning_report.json`.
        statistics: by split.
        metadata: the model's `visage.json`.
        recipe: the settings of the training.
        searched: the recipe's values that a search found, by key.
        evaluation: the result on the test split.
        blessed: by the Evaluator.
        infra_blessed: by InfraValidator.
    """
    identity = asdict(identify(metadata, recipe.network, None))
    heads = {"age": recipe.spec.age_head, "gender": recipe.spec.gender_head}
    # The name and the version are known only when the model is pushed.
    unknown = ("name", "version", "summary")
    return {
        # First in the JSON, before any figure.
        "identity": {key: value for key, value in identity.items() if key not in unknown},
        "made_at": made_at,
        "verdict": {
            "blessed": blessed,
            "infra_blessed": infra_blessed,
            # Whether it was pushed is known only to Pusher, which runs later.
            "may_be_pushed": blessed and infra_blessed,
        },
        "model": metadata.to_json(),
        "recipe": recipe.model_dump(mode="json"),
        "searched": searched,
        "heads": heads,
        "data": {
            "cleaning_report": cleaning_report,
            "splits": {split: asdict(found) for split, found in statistics.items()},
        },
        "evaluation": asdict(evaluation),
        "not_measured": {
            spec.name: why
            for spec in metrics_of("evaluation")
            # A head that the network does not have is absent, not unmeasured.
            if heads[spec.head] is not None and (why := evaluation.overall.why_not_measured(spec.name)) is not None
        },
        "intended_use": list(INTENDED_USE),
        "not_for": list(NOT_FOR),
    }
