"""Trains in a separate process, which kills itself between the table of the labels and the model."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.visage.training.suspects.drawn_labels import recipe
from visage.faces.settings import AlignmentSettings
from visage.training import train_and_export as module
from visage.training.job import Job

MODEL = Path("model", "1", "Format-Serving")


def train(folder: Path) -> None:
    """Trains on the records below `folder`, and writes the model below it."""
    job = Job(
        train_files=[f"{folder}/Split-train/*"],
        val_files=[f"{folder}/Split-val/*"],
        settings=recipe(epochs=2, batch_size=32).model_dump_json(),
        code="",
        checkpoint_dir=str(folder / "checkpoints"),
        base_model=None,
        suspect_labels="drop",
    )
    module.train_and_export(job, AlignmentSettings(), None, str(folder / MODEL), str(folder / "logs"))


def main(folder: Path) -> None:
    """Trains there until the model is to be written."""

    def kill(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    module.export = kill
    train(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
