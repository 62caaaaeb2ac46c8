"""Trains one phase: compiles the model, fits it, and leaves the weights of its best epoch."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from visage.training.checkpoint import Checkpoint, TrainingState
from visage.training.devices import mean_over_devices
from visage.training.features.trainable import TrainableModel
from visage.training.loop import Fit
from visage.training.objective.metrics import metrics
from visage.training.objective.training_model import TrainingModel
from visage.training.optimization.optimizer import build_optimizer
from visage.training.recipe_losses import recipe_losses
from visage.training.reports.tensorboard import EventLog
from visage.training.settings import TrainerSettings


def fit_phase(
    trainable: TrainableModel,
    settings: TrainerSettings,
    strategy: tf.distribute.Strategy,
    checkpoint: Checkpoint | None,
    log: EventLog | None,
    phase: str,
    fractions: Mapping[str, float] | None = None,
) -> TrainingState:
    """Trains, and leaves the weights of the best epoch in the model's network.

    Args:
        trainable: the network and its batches.
        settings: the recipe of the phase.
        strategy: the devices.
        checkpoint: keeps the state; None: it is not kept.
        log: TensorBoard's event files; None: none are written.
        phase: its name in the progress.
        fractions: as of `build_optimizer`.

    Raises:
        DivergenceError: the loss became infinite or not a number.
    """
    spec = settings.spec
    with strategy.scope():
        losses = recipe_losses(settings, mean_over_devices)
        model = TrainingModel(trainable.network, losses, metrics(spec), strategy.num_replicas_in_sync, spec.members)
        model.compile(build_optimizer(settings, fractions))
    fit = Fit(model, strategy, trainable.training, trainable.validation, settings, checkpoint, log, phase)
    training_state = fit.run()
    trainable.network.set_weights(training_state.best_weights)
    return training_state
