"""Trains and exports one small model for all tests that need a real SavedModel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import drawn_crops
from visage import progress
from visage.data.settings import SplitSettings
from visage.faces.settings import AlignmentSettings
from visage.saved_model.provenance import provenance_of_data
from visage.training.settings import TrainerSettings

ALIGNMENT = AlignmentSettings(size=drawn_crops.SIZE)
PROVENANCE = provenance_of_data(["utkface"], SplitSettings())
SETTINGS = TrainerSettings(network="compact", epochs=3, batch_size=32, learning_rate=3e-3)


@dataclass(frozen=True)
class TrainerRun:
    """The output of one run of TFX's Trainer."""

    model_uri: Path
    model_run: Path
    reports: list[tuple[str, int, int | None, str]]

    @property
    def saved_model(self) -> Path:
        """Where TFX's Trainer puts the SavedModel."""
        return self.model_uri / "Format-Serving"


@pytest.fixture(scope="session")
def trainer_run(tmp_path_factory: pytest.TempPathFactory) -> TrainerRun:
    """`compact`, trained by TFX's own executor for three epochs of 96 drawn crops; read it, never write into it."""
    folder = tmp_path_factory.mktemp("trainer")
    drawn_crops.write_split(folder / "examples", "train", drawn_crops.people(96, seed=1))
    drawn_crops.write_split(folder / "examples", "val", drawn_crops.people(32, seed=2))
    reports: list[tuple[str, int, int | None, str]] = []
    with progress.listening(lambda *report: reports.append(report)):
        run_trainer(folder, SETTINGS)
    return TrainerRun(folder / "model", folder / "model_run", reports)


def run_trainer(folder: Path, settings: TrainerSettings) -> None:
    """Runs TFX's Trainer on `folder`/examples as its launcher would; writes `folder`/model and `folder`/model_run."""
    from tfx.components.trainer.executor import GenericExecutor
    from tfx.types import channel_utils, standard_artifacts

    from components.trainer.component import create_trainer

    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    examples.split_names = '["train", "val", "test"]'
    channel = channel_utils.as_channel([examples])
    trainer = create_trainer(channel, settings, ALIGNMENT, str(folder / "checkpoints"), provenance=PROVENANCE)
    model, model_run = standard_artifacts.Model(), standard_artifacts.ModelRun()
    model.uri, model_run.uri = str(folder / "model"), str(folder / "model_run")
    outputs: dict[str, list[Any]] = {"model": [model], "model_run": [model_run]}
    GenericExecutor().Do({"examples": [examples]}, outputs, trainer.exec_properties)
