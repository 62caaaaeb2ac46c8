"""TFX's Evaluator, set up as VisAge's gate."""

from tfx.components.evaluator.component import Evaluator
from tfx.types import BaseChannel

from components.evaluator.eval_config import make_eval_config
from components.evaluator.settings import EvaluatorSettings


def create_evaluator(
    examples: BaseChannel,
    model: BaseChannel,
    baseline_model: BaseChannel,
    settings: EvaluatorSettings,
    schema: BaseChannel | None = None,
) -> Evaluator:
    """An Evaluator that measures a model on the `test` split alone and blesses it if it meets every limit.

    Args:
        examples: `Examples` with a `test` split.
        model: `Model`, the candidate.
        baseline_model: `Model`, the one to compare with; the channel may be empty, as it is on the first run.
        settings: the limits.
        schema: `Schema` of the examples; without it the feature types are read off the records.
    """
    return Evaluator(
        examples=examples,
        model=model,
        baseline_model=baseline_model,
        example_splits=["test"],
        eval_config=make_eval_config(settings),
        schema=schema,
        module_path="components.evaluator.extractors",
    )
