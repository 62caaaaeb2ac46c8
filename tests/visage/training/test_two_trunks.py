"""The recipe of two trunks trains in every preset, and its model needs the files of neither trunk."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.config.loader import load_config
from tests.helpers.drawn_crops import people, write_split
from tests.helpers.project import PROJECT
from tests.visage.networks.pretrained import dlib_writer, faceres_package
from visage import progress
from visage.faces.settings import AlignmentSettings
from visage.networks.trunks import TRUNKS
from visage.saved_model.export import export
from visage.saved_model.training_history import PhaseHistory
from visage.training.batches import Split, open_split
from visage.training.initialization.first_network import first_network
from visage.training.predict_teacher import predict_teacher
from visage.training.reports.reporting import FINE_TUNE, TRAIN
from visage.training.settings import TrainerSettings
from visage.training.train import train


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return open_split("train", [str(write_split(tmp_path_factory.mktemp("split"), "train", people(6, seed=1)))])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages of random weights in place of both trunks'; returns the second."""
    files = faceres_package.random_files()
    faceres_package.accept(files, monkeypatch)
    dlib = tmp_path / "dlib.dat"
    dlib.write_bytes(dlib_writer.face_network(np.random.default_rng(1)))
    monkeypatch.setattr("visage.networks.pretrained.weights.find_dlib_file", lambda: dlib)
    return faceres_package.write_archive(tmp_path / "human-models.tgz", files)


def recipe(preset: str, package: Path) -> TrainerSettings:
    """Returns the recipe with a few steps and small batches, and nothing else changed."""
    overrides = [f"preset={preset}", f"trainer.weights.faceres={package}", "trainer.batch_size=3", "trainer.epochs=1"]
    settings = load_config(PROJECT / "recipes" / "visage_duo.yaml", overrides).trainer
    epochs = min(settings.fine_tuning.epochs, 1)
    return settings.model_copy(
        update={"fine_tuning": settings.fine_tuning.model_copy(update={"epochs": epochs}), "warmup_steps": 0}
    )


@pytest.mark.parametrize(
    ("preset", "phases"),
    [
        ("head_only", [TRAIN]),
        pytest.param("finetune", [TRAIN, FINE_TUNE], marks=pytest.mark.one_stack),
        pytest.param("finetune_gpu", [TRAIN, FINE_TUNE], marks=pytest.mark.slow),
    ],
)
def test_a_preset_trains_the_head_and_then_both_trunks(
    preset: str, phases: list[str], split: Split, package: Path
) -> None:
    settings = recipe(preset, package)
    if preset == "finetune_gpu":
        assert (settings.precision, settings.jit_compile) == ("mixed_bfloat16", True)
        assert settings.augmentation.mixup > 0
    steps: list[str] = []
    history: list[PhaseHistory] = []
    with progress.listening(lambda step, *_: steps.append(step)):
        network = train(split, split, settings, None, history=history)
    assert any("frozen features" in step for step in steps)
    assert [phase.name for phase in history] == phases
    assert all(np.isfinite(epoch["val_loss"]) for phase in history for epoch in phase.epochs)
    if preset == "head_only":
        heads = {f"{layer}_of_{trunk}" for layer in ("age", "gender", "hidden", "standardized") for trunk in TRUNKS}
        assert changed(network, settings) == heads


def changed(network: keras.Model, settings: TrainerSettings) -> set[str]:
    """Returns the layers that differ from those that the training started from."""
    keras.utils.set_random_seed(settings.seed)
    pairs = zip(first_network(settings, None).weights, network.weights, strict=True)
    return {one.path.split("/")[0] for one, other in pairs if not np.array_equal(one.numpy(), other.numpy())}


def test_a_model_of_two_trunks_is_a_teacher_without_their_files(split: Split, package: Path, tmp_path: Path) -> None:
    settings = recipe("head_only", package)
    network = train(split, split, settings, None)
    export(network, settings.spec, AlignmentSettings(), str(tmp_path / "models" / "1"))
    package.unlink()
    (tmp_path / "dlib.dat").unlink()

    values: dict[str, Any] = {"network": "visage_small", "epochs": 1, "learning_rate": 1e-3}
    taught = TrainerSettings.model_validate({**values, "distillation": {"teacher": str(tmp_path / "models")}})
    predictions = predict_teacher(split, taught)

    assert predictions.by_output["age"].shape == (6, 101)
    np.testing.assert_allclose(predictions.by_output["age"].sum(axis=1), 1, atol=1e-3)
