"""The interface of the ModelCard: training data, recipe, metrics and intended use of a model."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import (
    Examples,
    ExampleStatistics,
    HyperParameters,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
)

from components import artifacts
from components.model_card.executor import Executor
from visage.model_card.settings import ModelCardSettings
from visage.training.settings import TrainerSettings


class ModelCardSpec(ComponentSpec):
    """Channels of the ModelCard.

    `settings`: the recipe as JSON; `card`: what the card shows, as JSON.
    """

    PARAMETERS = {  # noqa: RUF012
        "settings": ExecutionParameter(type=str),
        "card": ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        "cleaning_report": ChannelParameter(type=artifacts.CleaningReport),
        "statistics": ChannelParameter(type=ExampleStatistics),
        "model": ChannelParameter(type=Model),
        "evaluation": ChannelParameter(type=ModelEvaluation),
        "blessing": ChannelParameter(type=ModelBlessing),
        "infra_blessing": ChannelParameter(type=InfraBlessing),
        "best_values": ChannelParameter(type=HyperParameters, optional=True),
        "examples": ChannelParameter(type=Examples, optional=True),
    }
    OUTPUTS = {"model_card": ChannelParameter(type=artifacts.ModelCard)}  # noqa: RUF012


class ModelCard(base_component.BaseComponent):
    """Writes `model_card.html`, one page without external resources, and `model_card.json` with the same figures."""

    SPEC_CLASS = ModelCardSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        cleaning_report: BaseChannel,
        statistics: BaseChannel,
        model: BaseChannel,
        evaluation: BaseChannel,
        blessing: BaseChannel,
        infra_blessing: BaseChannel,
        settings: TrainerSettings,
        best_values: BaseChannel | None = None,
        examples: BaseChannel | None = None,
        card: ModelCardSettings | None = None,
    ) -> None:
        """Connects the channels.

        Args:
            cleaning_report: `CleaningReport` of FaceExampleGen.
            statistics: `ExampleStatistics` of every split.
            model: `Model` of the Trainer.
            evaluation: `ModelEvaluation` of the Evaluator.
            blessing: `ModelBlessing` of the Evaluator.
            infra_blessing: `InfraBlessing` of InfraValidator.
            settings: the recipe that trained the model.
            best_values: `HyperParameters` that replaced values of the recipe; None without a search.
            examples: `Examples` of every split, for their digests and the faces of the split `test`; None: neither.
            card: what the card shows; None: the defaults.
        """
        spec = ModelCardSpec(
            cleaning_report=cleaning_report,
            statistics=statistics,
            model=model,
            evaluation=evaluation,
            blessing=blessing,
            infra_blessing=infra_blessing,
            best_values=best_values,
            examples=examples,
            card=(card or ModelCardSettings()).model_dump_json(),
            settings=settings.model_dump_json(),
            model_card=Channel(type=artifacts.ModelCard),
        )
        super().__init__(spec=spec)
