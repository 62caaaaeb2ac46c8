"""Each component with code of ours has its digest, so that changed code misses TFX's cache."""

import json
from typing import Any

import pytest
from tfx.types import Channel
from tfx.types.standard_artifacts import (
    Examples,
    ExampleStatistics,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    Schema,
)

from components import artifacts
from components.evaluator.component import Evaluator
from components.example_validator.component import ExampleValidator
from components.example_validator.settings import ValidationSettings
from components.infra_validator.component import InfraValidator
from components.model_card.component import ModelCard
from components.trainer.component import create_trainer
from components.tuner.component import create_tuner
from visage.evaluation.settings import EvaluatorSettings
from visage.faces.settings import AlignmentSettings
from visage.training.search.settings import TunerSettings
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="compact", epochs=1, learning_rate=0.001)


def trainer() -> Any:
    component = create_trainer(Channel(Examples), RECIPE, AlignmentSettings(), "checkpoints")
    return json.loads(component.exec_properties["custom_config"])["code"]


def tuner() -> Any:
    settings = TunerSettings(search={"trainer.batch_size": [32, 64]})
    component = create_tuner(Channel(Examples), RECIPE, AlignmentSettings(), settings, "checkpoints")
    return json.loads(component.exec_properties["custom_config"])["code"]


def evaluator() -> Any:
    settings = EvaluatorSettings(age_mae_max=9, gender_accuracy_min=0.9)
    return Evaluator(Channel(Examples), Channel(Model), settings).exec_properties["code"]


def model_card() -> Any:
    component = ModelCard(
        cleaning_report=Channel(artifacts.CleaningReport),
        statistics=Channel(ExampleStatistics),
        model=Channel(Model),
        evaluation=Channel(ModelEvaluation),
        blessing=Channel(ModelBlessing),
        infra_blessing=Channel(InfraBlessing),
        settings=RECIPE,
    )
    return component.exec_properties["code"]


def example_validator() -> Any:
    component = ExampleValidator(
        statistics=Channel(ExampleStatistics),
        schema=Channel(Schema),
        baseline_statistics=Channel(ExampleStatistics),
        settings=ValidationSettings(),
    )
    return component.exec_properties["code"]


def infra_validator() -> Any:
    return InfraValidator(model=Channel(Model)).exec_properties["code"]


@pytest.mark.parametrize("code_of", [trainer, tuner, evaluator, model_card, example_validator, infra_validator])
def test_the_code_is_part_of_the_cache_key(code_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_of()
    assert code_of() == before
    for name in ("trainer", "tuner", "evaluator", "model_card", "example_validator", "infra_validator"):
        monkeypatch.setattr(f"components.{name}.component.source_digest", lambda *packages: "another")
    assert code_of() == "another" != before
