"""Where a training stands, written so that a killed one goes on from there.

A checkpoint belongs to one recipe, one set of records, one version of the code and one start: its folder is named by
digests of them all. So it outlives the attempt (a scheduler gives the next one other output folders), and no other
training ever finds it.
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

from visage.errors import VisageError
from visage.files import atomic_file, digest_of
from visage.training.batches import Split
from visage.training.distillation.teacher import find_teacher
from visage.training.settings import TrainerSettings

Arrays = dict[str, np.ndarray]

_FILE = "checkpoint.npz"
# Bytes read at once of a file whose digest is taken.
_CHUNK = 1 << 24
# Seconds after which nobody is expected to take up a killed training: 30 days.
_ABANDONED_AFTER = 30 * 24 * 3600


@dataclass
class TrainingState:
    """How far a training has come.

    Attributes:
        epoch: epochs that have ended.
        step: steps done of the one after them.
        history: the metrics of each epoch that has ended, those of validation prefixed with `val_`.
        best: the validation of the lowest loss; of a second phase, the first one's end takes part. Empty before one.
        best_weights: that were validated then, as `keras.Model.get_weights` gives them.
    """

    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)
    best_weights: list[np.ndarray] = field(default_factory=list)

    @property
    def val_losses(self) -> list[float]:
        """One an epoch."""
        return [epoch["val_loss"] for epoch in self.history]


def training_key(settings: TrainerSettings, code: str, splits: Sequence[Split]) -> str:
    """A short text that differs where settings, code, the records or Keras do.

    Args:
        settings: the recipe.
        code: `source_digest` of what trains.
        splits: the records that are learned from and chosen by; every byte counts.
    """
    digest = hashlib.sha256(f"{keras.__version__} {code} {settings.model_dump_json()}".encode())
    if settings.distillation.teacher is not None:
        digest.update(digest_of(find_teacher(settings.distillation.teacher)).encode())
    for split in splits:
        for path in split.files:
            digest.update(f"{split.name} {_digest(path)}".encode())
    return digest.hexdigest()[:16]


def remove_abandoned(checkpoint_dir: Path) -> None:
    """Removes what trainings left below a folder that nobody has taken up for 30 days."""
    for folder in checkpoint_dir.glob("*"):
        written = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
        if written and max(written) < time.time() - _ABANDONED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def state_of(network: keras.Model) -> Arrays:
    """All that training changes: weights, random state of dropout, optimizer, and the metrics of the epoch so far.

    Among several machines all of them must ask at once: some of it is spread over them.
    """
    return {name: keras.ops.convert_to_numpy(variable) for name, variable in _variables(network).items()}


def set_state(network: keras.Model, state: Arrays) -> None:
    """Puts a network built and compiled alike where `state_of` found the other."""
    for name, variable in _variables(network).items():
        variable.assign(state[name])


class Checkpoint:
    """The file that holds the newest state of one training."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is to be written."""
        self._folder = folder

    def starting_from(self, weights: Sequence[np.ndarray]) -> Checkpoint:
        """That of a training whose first weights are these, wherever they come from."""
        digest = hashlib.sha256()
        for array in weights:
            digest.update(array.tobytes())
        return Checkpoint(self._folder / digest.hexdigest()[:16])

    @property
    def file_of_answers(self) -> Path:
        """Where what a teacher says of the training records is kept until the training has ended."""
        return self._folder / "teacher_answers.npz"

    @property
    def folder_of_features(self) -> Path:
        """Where what frozen layers say of the records is kept until the training has ended."""
        return self._folder / "features"

    def of_fine_tuning(self) -> Checkpoint:
        """That of the second phase of this training."""
        return Checkpoint(self._folder / "fine_tuning")

    def save(self, state: Arrays, training_state: TrainingState) -> None:
        """Replaces what was saved before, all at once.

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
                f"{self._folder}: the checkpoint cannot be written: {error.strerror}; make room there, and the same "
                "command goes on from the last one"
            ) from None

    def load(self) -> tuple[Arrays, TrainingState] | None:
        """What was saved last; None where nothing was, or where it is damaged."""
        try:
            with (self._folder / _FILE).open("rb") as file, np.load(file) as saved:
                arrays = dict(saved)
            training_state = TrainingState(**json.loads(str(arrays.pop("standing"))))
            best = [name for name in arrays if name.startswith("best/")]
            training_state.best_weights = [arrays.pop(f"best/{number}") for number in range(len(best))]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile):
            # Written whole, so the disk has damaged it; training anew costs time, stopping here would cost the run.
            return None
        return arrays, training_state

    def remove(self) -> None:
        """Removes what was saved, and what killed attempts left half-written."""
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
