"""Trains a head in a separate process, which kills itself at the first step, after writing the frozen features."""

import os
import signal
import sys
from pathlib import Path

from visage import progress
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

STILL = AugmentationSettings(flip=False, shift=0, brightness=0, contrast=0)
# All of `compact` but its heads is frozen; the layers before its dropout are the trunk.
SETTINGS = TrainerSettings(
    network="compact", freeze=-2, epochs=1, batch_size=4, learning_rate=0.01, augmentation=STILL, schedule="constant"
)
RECORDS = 10


def split(folder: Path) -> Split:
    """Opens the training and validation splits."""
    return open_split("train", [f"{folder}/Split-train/*"])


def main(folder: Path) -> None:
    """Trains on the records below `folder`, with its checkpoint there."""

    def kill(step: str, done: int, total: int | None, note: str) -> None:
        if step == "train":
            os.kill(os.getpid(), signal.SIGKILL)

    with progress.listening(kill):
        train(split(folder), split(folder), SETTINGS, None, checkpoint=Checkpoint(folder / "checkpoint"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
