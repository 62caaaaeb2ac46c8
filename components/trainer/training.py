"""Fits a network to the training split, and keeps the weights that do best on the validation split."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from components.trainer.checkpoint import Checkpoint
from components.trainer.event_log import EventLog
from components.trainer.fit import Fit
from components.trainer.input import Split, TrainingBatches, evaluation_batches
from components.trainer.losses import losses, metrics
from components.trainer.optimizer import build_optimizer
from components.trainer.settings import TrainerSettings
from components.trainer.strategy import is_chief


def train(
    train_split: Split,
    val_split: Split,
    settings: TrainerSettings,
    log_dir: str,
    strategy: tf.distribute.Strategy | None = None,
    checkpoint: Checkpoint | None = None,
) -> keras.Model:
    """Trains on one device or many.

    Args:
        train_split: records to learn from.
        val_split: records to choose the best epoch by.
        settings: the recipe.
        log_dir: folder for TensorBoard's logs.
        strategy: the devices; None: TensorFlow's own choice of one.
        checkpoint: where to go on from and what to leave behind; None: neither.

    Returns:
        The network in float32 with the weights of the epoch of the lowest validation loss; not compiled.

    Raises:
        VisageError: the loss became infinite or not a number, or a checkpoint cannot be written.
    """
    strategy = strategy or tf.distribute.get_strategy()
    spec = settings.spec
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope(), _precision(settings.precision):
        network = spec.build()
        network.compile(build_optimizer(settings), loss=losses(spec), metrics=metrics(spec))
    fit = Fit(
        network,
        strategy,
        TrainingBatches(train_split, spec, settings),
        evaluation_batches(val_split, spec, settings),
        settings,
        checkpoint,
        EventLog(log_dir) if is_chief(strategy) else None,
    )
    # Without optimizer, replicas and precision of the training, none of which belongs into a SavedModel.
    trained = spec.build()
    trained.set_weights(fit.run().best_weights)
    return trained


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Layers that are built inside compute as `policy` says."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
