"""The trainings that a search asks for, each made once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from pydantic import ValidationError

from components.tuner.progress import SearchProgress
from components.tuner.trials import Trial, Trials
from visage.files import digest_of
from visage.training.batches import Split
from visage.training.checkpoint import Checkpoint, TrainingState, training_key
from visage.training.loop import DivergenceError
from visage.training.recipe.overrides import with_values
from visage.training.settings import TrainerSettings
from visage.training.train import train


@dataclass(frozen=True)
class Trainings:
    """What each is made of but for the values that are tried.

    Attributes:
        train_split: records to learn from.
        val_split: records that the loss is measured on.
        recipe: whose values are replaced; trains as long as a trial does.
        code: `source_digest` of what trains.
        checkpoint_dir: folder in which trainings leave how far they have come, and trials what they gave.
        base_model: SavedModel that was pushed last, where the recipe starts from it.
        strategy: the devices.
        progress: told of each trial.
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
        """The lowest validation loss of a training with these values, by key.

        None: it diverged, or the recipe refuses the values together.

        Raises:
            VisageError: as `train` says.
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
        """A short text that differs where the first weights do."""
        file = settings.weights_file
        weights = digest_of(file) if file is not None and file.is_file() else self.base_model
        return hashlib.sha256(str(weights).encode()).hexdigest()[:16]

    def _train(self, settings: TrainerSettings, checkpoint: Checkpoint) -> float | None:
        ended: list[TrainingState] = []
        # The networks of earlier trials would stay in memory.
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
