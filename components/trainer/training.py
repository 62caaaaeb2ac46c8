"""Fits a network to the training split, and keeps the weights that do best on the validation split."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from components.trainer.callbacks import ReportProgress, StopWhenDiverged
from components.trainer.input import Split, evaluation_batches, training_batches
from components.trainer.losses import losses, metrics
from components.trainer.models import NetworkSpec
from components.trainer.settings import TrainerSettings


def train(train_split: Split, val_split: Split, settings: TrainerSettings, log_dir: str) -> keras.Model:
    """Trains on every visible GPU, or on the CPU where there is none.

    Args:
        train_split: records to learn from.
        val_split: records to choose the best epoch by.
        settings: the recipe.
        log_dir: folder for TensorBoard's logs.

    Returns:
        The network with the weights of the epoch of the lowest validation loss; not compiled.

    Raises:
        VisageError: the loss became infinite or not a number.
    """
    spec = settings.spec
    keras.utils.set_random_seed(settings.seed)
    steps = math.ceil(train_split.size / settings.batch_size)
    with _strategy().scope():
        network = spec.build()
        _compile(network, spec, settings, steps)
    patience = settings.early_stopping_patience or settings.epochs
    network.fit(
        training_batches(train_split, spec, settings),
        validation_data=evaluation_batches(val_split, spec, settings),
        epochs=settings.epochs,
        verbose=0,
        callbacks=[
            StopWhenDiverged(settings.learning_rate),
            ReportProgress(settings.epochs, steps),
            keras.callbacks.TensorBoard(log_dir, write_graph=False),
            keras.callbacks.EarlyStopping("val_loss", patience=patience, mode="min", restore_best_weights=True),
        ],
    )
    return _without_training_state(network, spec)


def _strategy() -> tf.distribute.Strategy:
    several_gpus = len(tf.config.list_logical_devices("GPU")) > 1
    return tf.distribute.MirroredStrategy() if several_gpus else tf.distribute.get_strategy()


def _compile(network: keras.Model, spec: NetworkSpec, settings: TrainerSettings, steps: int) -> None:
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps * settings.epochs)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(
        optimizer,
        loss=losses(spec),
        metrics=metrics(spec),
        # XLA makes these convolutions 2.5 to 24 times slower on a CPU than TensorFlow's own kernels.
        jit_compile=False,
    )


def _without_training_state(network: keras.Model, spec: NetworkSpec) -> keras.Model:
    """A copy free of optimizer and replicas, neither of which belongs into a SavedModel."""
    copy = spec.build()
    copy.set_weights(network.get_weights())
    return copy
