"""TFX's Evaluator, set up as VisAge's gate."""

from tfx.components.evaluator.component import Evaluator
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import BaseChannel

from components.evaluator.eval_config import make_eval_config
from components.evaluator.executor import Executor
from components.evaluator.settings import EvaluatorSettings
from visage.source_digest import source_digest


def create_evaluator(
    examples: BaseChannel,
    model: BaseChannel,
    baseline_model: BaseChannel | None,
    settings: EvaluatorSettings,
    *,
    has_age: bool = True,
    has_gender: bool = True,
) -> Evaluator:
    """An Evaluator that measures a model on the `test` split alone and blesses it if it meets every limit.

    Args:
        examples: `Examples` with a `test` split.
        model: `Model`, the candidate.
        baseline_model: `Model`, the one to compare with; the channel may be empty, as it is on the first run, or None.
        settings: the limits; none on what the model does not answer.
        has_age: whether the model says ages.
        has_gender: whether it says genders.
    """
    evaluator = Evaluator(
        examples=examples,
        model=model,
        baseline_model=baseline_model,
        example_splits=["test"],
        eval_config=make_eval_config(settings, has_age=has_age, has_gender=has_gender),
        module_path="components.evaluator.extractors",
    )
    evaluator.executor_spec = BeamExecutorSpec(Executor)
    # TFX's specification has no place for it; another version of the code must miss the cache.
    evaluator.exec_properties["code"] = source_digest(
        "components.evaluator", "visage.data", "visage.evaluation", "visage.faces"
    )
    return evaluator
