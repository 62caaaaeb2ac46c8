"""Trains in a separate process, which kills itself in the middle of an epoch."""

import os
import signal
import sys
from pathlib import Path

from visage import progress
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint
from visage.training.settings import TrainerSettings
from visage.training.train import train

# Six steps in an epoch, two for each update: saved after 4 and 8 steps, killed after 9.
SETTINGS = TrainerSettings(
    network="cnn_utkface", epochs=3, batch_size=8, gradient_accumulation_steps=2, learning_rate=1e-3, checkpoint_steps=4
)
KILLED_AFTER = 9


def split(folder: Path) -> Split:
    """Opens the training and validation splits."""
    return open_split("train", [f"{folder}/Split-train/*"])


def main(folder: Path) -> None:
    """Trains on the records below `folder`, with its checkpoint there."""

    def kill(step: str, done: int, total: int | None, note: str) -> None:
        if done == KILLED_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)

    with progress.listening(kill):
        train(split(folder), split(folder), SETTINGS, f"{folder}/log", checkpoint=Checkpoint(folder / "checkpoint"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
