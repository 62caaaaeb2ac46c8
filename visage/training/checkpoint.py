"""Saves the state of a training, so that a killed training resumes from it.

A checkpoint belongs to one recipe, one set of records, one version of the code and one set of first weights: digests of
them all name its folder. It therefore outlives the attempt (a scheduler gives the next one other output folders), and
no other training finds it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from visage.data.settings import SuspectLabels
from visage.errors import VisageError
from visage.files import atomic_file, digest_of
from visage.training.batches import Split
from visage.training.distillation.teacher import find_teacher
from visage.training.settings import TrainerSettings

Arrays = dict[str, np.ndarray]

_FILE = "checkpoint.npz"
# Bytes read at a time while computing a file's digest.
_CHUNK = 1 << 24
# Seconds after which a killed training is not expected to resume: 30 days.
_ABANDONED_AFTER = 30 * 24 * 3600


@dataclass
class TrainingState:
    """The progress of a training.

    Attributes:
        epoch: epochs that have ended.
        step: completed steps of the current epoch.
        history: the metrics of each epoch that has ended, those of validation prefixed with `val_`.
        best: the metrics of the validation with the lowest loss; in a second phase, the end of the first one counts
            too. Empty before any validation.
        best_weights: the weights of that validation, as `keras.Model.get_weights` returns them.
    """

    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    best_weights: list[np.ndarray] = field(default_factory=list)

    @property
    def val_losses(self) -> list[float]:
        """Returns the validation loss of each epoch that has ended."""
        return [epoch["val_loss"] for epoch in self.history]


def training_key(
    settings: TrainerSettings, code: str, splits: Sequence[Split], suspect_labels: SuspectLabels = "keep"
) -> str:
    """Returns a short text that changes with the settings, the code, the records and Keras's version.

    Args:
        settings: the recipe.
        code: `source_digest` of what trains.
        splits: training and validation records; every byte counts.
        suspect_labels: what becomes of training labels that look wrong.
    """
    digest = hashlib.sha256(f"{keras.__version__} {code} {settings.model_dump_json()}".encode())
    if suspect_labels != "keep":
        digest.update(suspect_labels.encode())
    if settings.distillation.teacher is not None:
        digest.update(digest_of(find_teacher(settings.distillation.teacher)).encode())
    for split in splits:
        for path in split.files:
            digest.update(f"{split.name} {_digest(path)}".encode())
    return digest.hexdigest()[:16]


def remove_abandoned(checkpoint_dir: Path) -> None:
    """Removes the files of trainings below a folder that have not resumed for 30 days."""
    for folder in checkpoint_dir.glob("*"):
        written = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
        if written and max(written) < time.time() - _ABANDONED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def state_of(network: keras.Model) -> Arrays:
    """Returns all that training changes: weights, random state of dropout, optimizer, metrics of the epoch so far.

    In a cluster all machines must call it at the same time, since some of the state is distributed over them.
    """
    return {name: keras.ops.convert_to_numpy(variable) for name, variable in _variables(network).items()}


def set_state(network: keras.Model, state: Arrays) -> None:
    """Restores the result of `state_of` into a network built and compiled in the same way."""
    for name, variable in _variables(network).items():
        variable.assign(state[name])


class Checkpoint:
    """The file with the newest state of one training."""

    def __init__(self, folder: Path) -> None:
        """Sets the folder, which is created at the first write."""
        self._folder = folder

    def starting_from(self, weights: Sequence[np.ndarray]) -> Checkpoint:
        """Returns the checkpoint of a training with these first weights, whatever their source."""
        digest = hashlib.sha256()
        for array in weights:
            digest.update(array.tobytes())
        return Checkpoint(self._folder / digest.hexdigest()[:16])

    @property
    def teacher_predictions_file(self) -> Path:
        """Returns the file that keeps a teacher's predictions for the training records until the training ends."""
        return self._folder / "teacher_predictions.npz"

    @property
    def features_folder(self) -> Path:
        """Returns the folder that keeps the records' frozen features until the training ends."""
        return self._folder / "features"

    @property
    def suspect_labels_file(self) -> Path:
        """Returns the file that keeps what was found out about the labels until the training ends."""
        return self._folder / "suspect_labels.parquet"

    @property
    def fold_predictions_file(self) -> Path:
        """Returns the file that keeps the predictions of the head of a fold."""
        return self._folder / "predictions.npz"

    def of_fold(self, number: int) -> Checkpoint:
        """Returns the checkpoint of the head that judges the labels of a fold."""
        return Checkpoint(self._folder / "folds" / str(number))

    def of_fine_tuning(self) -> Checkpoint:
        """Returns the checkpoint of the second phase of this training."""
        return Checkpoint(self._folder / "fine_tuning")

    def save(self, state: Arrays, training_state: TrainingState) -> None:
        """Replaces the saved state atomically.

        Raises:
            VisageError: it cannot be written.
        """
        text = json.dumps({key: value for key, value in vars(training_state).items() if key != "best_weights"})
        best = {f"best/{number}": array for number, array in enumerate(training_state.best_weights)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(self._folder / _FILE) as partial, partial.open("wb") as file:
                np.savez(file, training_state=np.array(text), **best, **state)
        except OSError as error:
            raise VisageError(
                f"{self._folder}: the checkpoint cannot be written: {error.strerror}; free space there, and the same "
                "command resumes from the last one"
            ) from None

    def load(self) -> tuple[Arrays, TrainingState] | None:
        """Returns the state that was saved last; None if there is none or it is damaged."""
        try:
            with (self._folder / _FILE).open("rb") as file, np.load(file) as saved:
                arrays = dict(saved)
            training_state = TrainingState(**json.loads(str(arrays.pop("training_state"))))
            best = [name for name in arrays if name.startswith("best/")]
            training_state.best_weights = [arrays.pop(f"best/{number}") for number in range(len(best))]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile):
            # Writes are atomic, so the disk has damaged it. Training again costs time, but stopping would cost the run.
            return None
        return arrays, training_state

    def remove(self) -> None:
        """Removes the saved state and the partial files of killed attempts."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _variables(network: keras.Model) -> dict[str, keras.Variable]:
    groups = {
        "network": network.variables,
        "optimizer": network.optimizer.variables,
        "metrics": network.metrics_variables,
    }
    return {
        f"{group}/{number}": variable
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
