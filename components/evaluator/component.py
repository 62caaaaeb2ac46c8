"""TFX's Evaluator, configured as the gate of VisAge."""

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
    """Creates an Evaluator that measures a model on the `test` split and blesses it if it meets every limit.

    Args:
        examples: `Examples` with a `test` split.
        model: `Model`, the candidate.
        baseline_model: `Model` to compare with, or None; the channel is empty on the first run.
        settings: the limits; none on an output that the model does not have.
        has_age: whether the model predicts ages.
        has_gender: whether the model predicts genders.
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
    # TFX's specification has no parameter for the code's digest; a changed version of the code must miss the cache.
    evaluator.exec_properties["code"] = source_digest(
        "components.evaluator", "visage.data", "visage.evaluation", "visage.faces"
    )
    return evaluator
