"""Judges labels in a separate process, which kills itself in the third fold."""

import os
import signal
import sys
from pathlib import Path

import tensorflow as tf

from tests.visage.training.suspects.drawn_labels import network_of, recipe
from visage import progress
from visage.training.batches import open_split
from visage.training.checkpoint import Checkpoint
from visage.training.suspects.judge import judge_labels
from visage.training.suspects.table import SuspectTable

SETTINGS = recipe(epochs=8, batch_size=32)


def judge(folder: Path, checkpoint: Checkpoint | None) -> SuspectTable:
    """Judges the labels of the records below `folder`."""
    train_split, val_split = (open_split(name, [f"{folder}/Split-{name}/*"]) for name in ("train", "val"))
    network, strategy = network_of(SETTINGS), tf.distribute.get_strategy()
    return judge_labels(network, train_split, val_split, SETTINGS, "drop", strategy, checkpoint)


def main(folder: Path) -> None:
    """Judges them with a checkpoint there, until the second epoch of the third fold."""

    def kill(step: str, done: int, total: int | None, note: str) -> None:
        if step == "judge labels, 3 of 5" and done == 10:
            os.kill(os.getpid(), signal.SIGKILL)

    with progress.listening(kill):
        judge(folder, Checkpoint(folder / "checkpoint"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
