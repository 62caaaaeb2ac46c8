"""TFX's own executor searches by the Trainer's training, resumes after a kill, and configures the Trainer."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.components.trainer.executor import GenericExecutor as TrainerExecutor
from tfx.components.tuner.executor import Executor as TunerExecutor
from tfx.types import Artifact, channel_utils
from tfx.types.standard_artifacts import Examples, HyperParameters, Model, ModelRun, TunerResults

from components.trainer.component import create_trainer
from components.tuner.component import create_tuner
from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import ALIGNMENT
from visage import progress
from visage.errors import VisageError
from visage.training.search.result import TrialResult, read_best_values, read_results
from visage.training.search.settings import TunerSettings
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="cnn_utkface", epochs=2, batch_size=8, optimizer="sgd", learning_rate=1e-3)
SETTINGS = TunerSettings(search={"trainer.epoch_size": [8, 16, 24]}, trials=3, algorithm="random", epochs=1)
Report = tuple[str, int, int | None, str]


def artifact(kind: type[Artifact], uri: Path) -> Artifact:
    made = kind()
    made.uri = str(uri)
    return made


def search(folder: Path, attempt: str) -> None:
    """Runs TFX's Tuner on `folder`/examples as its launcher does; each attempt has output folders of its own."""
    examples = artifact(Examples, folder / "examples")
    examples.split_names = '["train", "val", "test"]'
    channel = channel_utils.as_channel([examples])
    tuner = create_tuner(channel, RECIPE, ALIGNMENT, SETTINGS, str(folder / "checkpoints"))
    outputs: dict[str, list[Any]] = {
        "best_hyperparameters": [artifact(HyperParameters, folder / attempt / "best")],
        "tuner_results": [artifact(TunerResults, folder / attempt / "results")],
    }
    context = TunerExecutor.Context(tmp_dir=str(folder / "tmp"), unique_id=attempt)
    TunerExecutor(context).Do({"examples": [examples]}, outputs, tuner.exec_properties)


def train(folder: Path, best_values: Path) -> None:
    """Runs TFX's Trainer with the result of a search."""
    examples = artifact(Examples, folder / "examples")
    examples.split_names = '["train", "val", "test"]'
    trainer = create_trainer(
        channel_utils.as_channel([examples]),
        RECIPE,
        ALIGNMENT,
        str(folder / "checkpoints"),
        best_values=channel_utils.as_channel([artifact(HyperParameters, best_values)]),
    )
    inputs = {"examples": [examples], "hyperparameters": [artifact(HyperParameters, best_values)]}
    outputs: dict[str, list[Any]] = {
        "model": [artifact(Model, folder / "model")],
        "model_run": [artifact(ModelRun, folder / "model_run")],
    }
    TrainerExecutor().Do(inputs, outputs, trainer.exec_properties)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with training and validation examples, and no test split."""
    folder = tmp_path_factory.mktemp("search")
    write_split(folder / "examples", "train", people(24, seed=1))
    write_split(folder / "examples", "val", people(8, seed=2))
    return folder


@pytest.fixture(scope="module")
def reports(folder: Path) -> list[Report]:
    """The reports of a search that was stopped in its second trial, and of the resumed search."""
    reports: list[Report] = []

    def stop(*report: Any) -> None:
        reports.append(report)
        if report[3].startswith("trial 2 of 3"):
            raise KeyboardInterrupt

    with progress.listening(stop), pytest.raises(KeyboardInterrupt):
        search(folder, "first")
    with progress.listening(lambda *report: reports.append(report)):
        search(folder, "second")
    return reports


def test_a_search_resumes_after_the_completed_trials(reports: list[Report]) -> None:
    trials = [note.partition(" of 3")[0] for _, _, _, note in reports]
    assert list(dict.fromkeys(trials)) == ["trial 1", "trial 2", "trial 3"]
    stopped = trials.index("trial 2")
    assert set(trials[stopped + 1 :]) == {"trial 2", "trial 3"}


def test_progress_counts_the_images_of_the_whole_search(reports: list[Report]) -> None:
    assert {(step, total) for step, _, total, _ in reports} == {("search", 3 * 24)}
    assert [done for _, done, _, _ in reports] == sorted(done for _, done, _, _ in reports)
    assert ", lowest validation loss " in reports[-1][3]
    assert "; epoch 1 of 1, loss " in reports[-1][3]


def test_the_table_has_all_trials_and_the_best_first(folder: Path, reports: list[Report]) -> None:
    results = read_results(str(folder / "second" / "results"))
    assert not list((folder / "checkpoints").rglob("keras_tuner")), "not even after the kill"
    assert not list(folder.rglob("events.out.*"))
    assert sorted(result.values["trainer.epoch_size"] for result in results) == [8, 16, 24]
    assert [result.val_loss for result in results] == sorted(result.val_loss for result in results)
    assert results[0] == TrialResult(read_best_values(str(folder / "second" / "best")), results[0].val_loss)


def test_the_trainer_uses_the_best_values_and_the_recipes_epochs(folder: Path, reports: list[Report]) -> None:
    best = folder / "second" / "best"
    reported: list[Report] = []
    with progress.listening(lambda *report: reported.append(report)):
        train(folder, best)
    steps = read_best_values(str(best))["trainer.epoch_size"] // RECIPE.batch_size
    assert reported[-1][:3] == ("train", 2 * steps, 2 * steps)
    assert not list((folder / "checkpoints").rglob("*.npz"))


def test_several_machines_are_refused_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(VisageError, match="a search runs on one; unset it for the node Tuner"):
        search(folder, "third")
