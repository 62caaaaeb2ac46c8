"""The head is trained first, then the whole network; a training killed in the second phase resumes there."""

from pathlib import Path

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from tests.helpers.drawn_crops import people, write_split
from visage import progress
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint, TrainingState
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.recipe.fine_tuning_settings import FineTuningSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

pytestmark = pytest.mark.one_stack

SETTINGS = TrainerSettings(
    network="compact",
    freeze=-2,
    fine_tuning=FineTuningSettings(epochs=8, learning_rate=1e-3, layer_decay=0.9),
    epochs=2,
    batch_size=8,
    learning_rate=0.01,
    augmentation=AugmentationSettings(shift=0.1),
    checkpoint_steps=1,
)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return open_split("train", [str(write_split(tmp_path_factory.mktemp("split"), "train", people(8, seed=1)))])


def trained(split: Split, folder: Path) -> tuple[keras.Model, list[str]]:
    """Returns the network and the progress reports."""
    steps: list[str] = []
    with progress.listening(lambda step, *_: steps.append(step)):
        network = train(split, split, SETTINGS, str(folder / "log"), checkpoint=Checkpoint(folder / "checkpoint"))
    return network, steps


def test_the_second_phase_moves_frozen_layers_and_resumes_where_it_was_killed(split: Split, tmp_path: Path) -> None:
    keras.utils.set_random_seed(SETTINGS.seed)
    untrained = SETTINGS.spec.build()

    network, steps = trained(split, tmp_path)

    moved = {
        before.path: float(np.abs(before.numpy() - after.numpy()).max())
        for before, after in zip(untrained.trainable_weights, network.trainable_weights, strict=True)
    }
    assert any("frozen features" in step for step in steps)
    assert moved["age/kernel"] > 1e-3
    convolutions = [distance for path, distance in moved.items() if "conv" in path and "kernel" in path]
    assert 0 < convolutions[0] < convolutions[-1] <= 8 * 0.9e-3 * 1.01

    again, steps = trained(split, tmp_path)

    assert not any("frozen features" in step for step in steps)
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_fine_tuning_that_harms_is_not_kept(split: Split) -> None:
    harmful = SETTINGS.model_copy(update={"fine_tuning": FineTuningSettings(epochs=1, learning_rate=0.5)})
    keras.utils.set_random_seed(SETTINGS.seed)
    untrained = SETTINGS.spec.build()
    ends: list[TrainingState] = []

    network = train(split, split, harmful, None, on_end=ends.append)

    assert ends[0].val_losses[0] > ends[0].best["val_loss"]
    for before, after in zip(untrained.layers[1].get_weights(), network.layers[1].get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_head_learns_from_mirrored_images_alone_where_a_second_phase_has_all_changes() -> None:
    assert SETTINGS.of_head.augmentation.changes == {"flip": True}
    assert SETTINGS.of_fine_tuning.augmentation == SETTINGS.augmentation
    one_phase = SETTINGS.model_copy(update={"fine_tuning": FineTuningSettings()})
    assert one_phase.of_head == one_phase


def test_fine_tuning_needs_frozen_layers() -> None:
    with pytest.raises(ValidationError, match="fine_tuning has no frozen layers to unfreeze: set freeze"):
        TrainerSettings.model_validate({**SETTINGS.model_dump(), "freeze": None})
