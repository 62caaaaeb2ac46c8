"""The interface of the Evaluator, which measures a model and decides whether it may be pushed."""

from pathlib import Path

from tfx.dsl.components.base import base_beam_component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation

from components.evaluator.driver import Driver
from components.evaluator.executor import Executor
from visage.evaluation.settings import EvaluatorSettings


class EvaluatorSpec(ComponentSpec):
    """Channels of the Evaluator, those of TFX's.

    `settings`: the limits as JSON; `reference`: folder of a SavedModel, or empty; `looks`: file that counts the models
    measured on a test split, or empty; `waivers`: file of the pipeline's waivers, or empty.
    """

    PARAMETERS = {  # noqa: RUF012
        "settings": ExecutionParameter(type=str),
        "reference": ExecutionParameter(type=str),
        "looks": ExecutionParameter(type=str),
        "waivers": ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        "examples": ChannelParameter(type=Examples),
        "model": ChannelParameter(type=Model),
        "baseline_model": ChannelParameter(type=Model, optional=True),
    }
    OUTPUTS = {  # noqa: RUF012
        "evaluation": ChannelParameter(type=ModelEvaluation),
        "blessing": ChannelParameter(type=ModelBlessing),
    }


class Evaluator(base_beam_component.BaseBeamComponent):
    """Measures a model on the split `test`, and blesses it if it meets every limit.

    It replaces TFX's Evaluator, whose metrics of TFMA have no intervals and whose gates compare point values. Inputs,
    outputs and the properties of the blessing are the same.
    """

    SPEC_CLASS = EvaluatorSpec
    DRIVER_CLASS = Driver
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        model: BaseChannel,
        settings: EvaluatorSettings,
        baseline_model: BaseChannel | None = None,
        reference: Path | None = None,
        looks: Path | None = None,
        waivers: Path | None = None,
    ) -> None:
        """Connects the channels.

        Args:
            examples: `Examples` with a split `test`.
            model: `Model`, the candidate.
            settings: groups and limits.
            baseline_model: `Model` to compare with, or None; the channel is empty on the first run.
            reference: folder of a SavedModel to compare with as well; None: there is none.
            looks: file of the pipeline that counts the models measured on its test split; None: nothing is counted.
            waivers: file of the pipeline's waivers; None: there are none.
        """
        spec = EvaluatorSpec(
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            settings=settings.model_dump_json(),
            reference=str(reference or ""),
            looks=str(looks or ""),
            waivers=str(waivers or ""),
            evaluation=Channel(type=ModelEvaluation),
            blessing=Channel(type=ModelBlessing),
        )
        super().__init__(spec=spec)
