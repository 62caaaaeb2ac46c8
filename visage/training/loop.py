"""Runs the training loop: steps, epochs, validation, checkpoints.

It runs Keras's own steps (`train_step`, `test_step`). Keras's own loop, `fit`, cannot start in the middle of an epoch
(docs/training.md, "Why the loop is ours"), and fails on several machines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from visage.errors import VisageError
from visage.training.batches import TrainingBatches
from visage.training.checkpoint import Checkpoint, TrainingState, set_state, state_of
from visage.training.devices import distribute, is_chief
from visage.training.features.feature_cache import FeatureBatches
from visage.training.objective.training_model import TrainingModel
from visage.training.optimization.optimizer import learning_rate
from visage.training.optimization.plateau import has_stalled
from visage.training.reports.reporting import FINE_TUNE, TRAIN, report_step
from visage.training.reports.tensorboard import EventLog
from visage.training.settings import TrainerSettings


class DivergenceError(VisageError):
    """Raised when the loss becomes infinite or NaN."""


@dataclass(frozen=True)
class Fit:
    """One training of a compiled network, from its present state to its end.

    Attributes:
        model: compiled under `strategy`.
        strategy: the devices; one process of several writes.
        training: batches to learn from.
        validation: batches to choose the best epoch by.
        settings: the recipe.
        checkpoint: keeps the state; None: it is not kept.
        log: TensorBoard's event files; None: none are written.
        phase: name of the phase in `report_step`.
    """

    model: TrainingModel
    strategy: tf.distribute.Strategy
    training: TrainingBatches | FeatureBatches
    validation: tf.data.Dataset
    settings: TrainerSettings
    checkpoint: Checkpoint | None
    log: EventLog | None
    phase: str = TRAIN

    def run(self) -> TrainingState:
        """Trains to the last epoch, or until validation has stalled.

        Raises:
            DivergenceError: a loss became infinite or not a number.
        """
        self._create_variables()
        training_state = self._resume()
        train_step, val_step = self._compile(self.model.train_step), self._compile(self.model.test_step)
        if self.phase == FINE_TUNE and not training_state.best:
            # Fine-tuning can harm: the weights at the end of the first phase may remain the best.
            self._keep_if_best(training_state, self._validate(val_step))
        while training_state.epoch < self.settings.epochs and not has_stalled(
            training_state.val_losses, self.settings.early_stopping_patience
        ):
            train_metrics = self._train(train_step, training_state)
            self._end_epoch(training_state, train_metrics, self._validate(val_step))
        return training_state

    def _create_variables(self) -> None:
        """Creates the optimizer's variables, into which a checkpoint is read before the first step."""
        with self.strategy.scope():
            self.model.optimizer.build(self.model.trainable_variables)

    def _resume(self) -> TrainingState:
        saved = self.checkpoint.load() if self.checkpoint is not None else None
        if saved is None:
            return TrainingState()
        state, training_state = saved
        with self.strategy.scope():
            set_state(self.model, state)
        for epoch, metrics in enumerate(training_state.history):
            self._write_log(epoch, metrics)
        self._report(training_state)
        return training_state

    def _compile(self, step: Callable[[Any], dict[str, Any]]) -> Callable[[Iterator[Any]], float]:
        """Returns a function that runs `step` on an iterator's next batch on all devices and returns the mean loss."""
        per_replica_step = tf.function(step, jit_compile=True) if self.settings.jit_compile else step

        @tf.function(reduce_retracing=True)
        def on_all_replicas(iterator: Iterator[Any]) -> tf.Tensor:
            losses = self.strategy.run(per_replica_step, args=(next(iterator),))["loss"]
            return tf.reduce_mean(self.strategy.experimental_local_results(losses))

        return on_all_replicas

    def _train(self, train_step: Callable[[Iterator[Any]], float], training_state: TrainingState) -> dict[str, float]:
        if not training_state.step:
            self.model.reset_metrics()
        batches = iter(distribute(self.training.epoch(training_state.epoch, training_state.step), self.strategy))
        while training_state.step < self.training.steps:
            self.model.optimizer.learning_rate = self._learning_rate(training_state)
            loss = float(train_step(batches))
            training_state.step += 1
            if not math.isfinite(loss):
                raise self._diverged(loss, f"epoch {training_state.epoch + 1}, batch {training_state.step}")
            self._report(training_state, loss)
            # At the end of an epoch, validation comes first.
            if training_state.step < self.training.steps:
                self._save_if_due(training_state)
        return self._measured()

    def _validate(self, val_step: Callable[[Iterator[Any]], float]) -> dict[str, float]:
        self.model.reset_metrics()
        batches = iter(distribute(self.validation, self.strategy))
        for _ in range(int(self.validation.cardinality())):
            val_step(batches)
        # tf.data keeps its cache only if the iterator has been read to the end.
        next(batches, None)
        return {f"val_{name}": value for name, value in self._measured().items()}

    def _measured(self) -> dict[str, float]:
        """Returns the loss and the metrics since their reset, without metrics whose label no record has."""
        values = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        return {name: value for name, value in values.items() if name == "loss" or not math.isnan(value)}

    def _end_epoch(
        self, training_state: TrainingState, train_metrics: dict[str, float], val_metrics: dict[str, float]
    ) -> None:
        if not math.isfinite(val_metrics["val_loss"]):
            raise self._diverged(val_metrics["val_loss"], f"the validation of epoch {training_state.epoch + 1}")
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        metrics = {**train_metrics, "learning_rate": float(rate), **val_metrics}
        training_state.history.append(metrics)
        self._keep_if_best(training_state, metrics)
        training_state.epoch, training_state.step = training_state.epoch + 1, 0
        self._write_log(training_state.epoch - 1, metrics)
        self._report(training_state, metrics["loss"])
        self._save_if_due(training_state)

    def _keep_if_best(self, training_state: TrainingState, metrics: dict[str, float]) -> None:
        if metrics["val_loss"] < training_state.best.get("val_loss", math.inf):
            training_state.best = metrics
            training_state.best_weights = self.model.get_weights()

    def _learning_rate(self, training_state: TrainingState) -> float:
        return learning_rate(self.settings, self.training.steps, self._done(training_state), training_state.val_losses)

    def _save_if_due(self, training_state: TrainingState) -> None:
        if self.checkpoint is None or self._done(training_state) % self.settings.checkpoint_steps:
            return
        state = state_of(self.model)
        if is_chief(self.strategy):
            self.checkpoint.save(state, training_state)

    def _report(self, training_state: TrainingState, loss: float | None = None) -> None:
        steps, epochs = self.training.steps, self.settings.epochs
        unsaved = self.checkpoint is not None and self.settings.leaves_no_checkpoint(steps * epochs)
        warning = f"no checkpoint: checkpoint_steps is {self.settings.checkpoint_steps}" if unsaved else ""
        report_step(self.phase, training_state, steps, epochs, loss, warning)

    def _write_log(self, epoch: int, metrics: dict[str, float]) -> None:
        if self.log is not None:
            self.log.write(epoch, metrics)

    def _done(self, training_state: TrainingState) -> int:
        return training_state.epoch * self.training.steps + training_state.step

    def _diverged(self, loss: float, where: str) -> DivergenceError:
        return DivergenceError(
            f"training diverged in {where}: the loss is {loss}; "
            f"lower trainer.learning_rate (now {self.settings.learning_rate:g})"
        )
