"""The trainings of a search; each combination of values is trained once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from pydantic import ValidationError

from visage.files import digest_of
from visage.training.batches import Split
from visage.training.checkpoint import Checkpoint, TrainingState, training_key
from visage.training.loop import DivergenceError
from visage.training.overrides import with_values
from visage.training.search.progress import SearchProgress
from visage.training.search.trials import Trial, Trials
from visage.training.settings import TrainerSettings
from visage.training.train import train


@dataclass(frozen=True)
class Trainings:
    """The inputs that all trainings of a search share.

    Attributes:
        train_split: records to learn from.
        val_split: records that the loss is measured on.
        recipe: the recipe whose values are replaced, with the epochs of a trial.
        code: `source_digest` of the training code.
        checkpoint_dir: folder for checkpoints of trainings and results of trials.
        base_model: SavedModel that was pushed last, if the recipe starts from it.
        strategy: the devices.
        progress: receives the progress of each trial.
    """

    train_split: Split
    val_split: Split
    recipe: TrainerSettings
    code: str
    checkpoint_dir: Path
    base_model: str | None
    strategy: tf.distribute.Strategy
    progress: SearchProgress

    def loss_of(self, values: Mapping[str, Any]) -> float | None:
        """Returns the lowest validation loss of a training with these values, by key.

        None: the training diverged, or the recipe refuses the combination.

        Raises:
            VisageError: an error of `train`.
        """
        try:
            settings = with_values(self.recipe, values)
        except ValidationError:
            self.progress.end_trial(None)
            return None
        key = training_key(settings, self.code, [self.train_split, self.val_split])
        trials = Trials(self.checkpoint_dir / "trials")
        trial_key = f"{key}-{self._start_of(settings)}"
        trial = trials.read(trial_key)
        if trial is None:
            checkpoint = Checkpoint(self.checkpoint_dir / key)
            with self.progress.trial():
                trial = Trial(self._train(settings, checkpoint))
            trials.write(trial_key, trial)
            checkpoint.remove()
        self.progress.end_trial(trial.val_loss)
        return trial.val_loss

    def _start_of(self, settings: TrainerSettings) -> str:
        """Returns a short text that differs where the initial weights differ."""
        file = settings.weights_file
        weights = digest_of(file) if file is not None and file.exists() else self.base_model
        return hashlib.sha256(str(weights).encode()).hexdigest()[:16]

    def _train(self, settings: TrainerSettings, checkpoint: Checkpoint) -> float | None:
        ended: list[TrainingState] = []
        # Frees the networks of earlier trials.
        keras.utils.clear_session()
        try:
            train(
                self.train_split,
                self.val_split,
                settings,
                None,
                self.strategy,
                checkpoint,
                self.base_model,
                on_end=ended.append,
            )
        except DivergenceError:
            return None
        return ended[0].best["val_loss"]
