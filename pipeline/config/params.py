"""Names the keys that a scheduler's trigger may set for one run."""

from components.example_validator.settings import DistributionLimits
from visage.evaluation.metrics import limited_metrics
from visage.evaluation.settings import EvaluatorSettings


def allowed_params() -> list[str]:
    """Returns the keys of the configuration that a trigger may set, e.g. 'evaluator.age_mae_max'."""
    limits = {name for spec, _ in limited_metrics() for name in (spec.limit_name, spec.change_limit_name)}
    return [
        *(f"evaluator.{name}" for name in EvaluatorSettings.model_fields if name in limits),
        "validation.anomalies",
        *(f"validation.drift.{feature}" for feature in DistributionLimits.model_fields),
    ]
