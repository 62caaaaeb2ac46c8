"""Trains a network on the training split and keeps the weights that are best on the validation split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace

import keras
import tensorflow as tf

from visage.data.settings import SuspectLabels
from visage.errors import VisageError
from visage.saved_model.training_history import PhaseHistory
from visage.training.batches import Split
from visage.training.checkpoint import Checkpoint, TrainingState
from visage.training.devices import is_chief
from visage.training.features.freezing import unfreeze
from visage.training.features.trainable import select_trainable
from visage.training.fit_phase import fit_phase
from visage.training.initialization.first_network import first_network
from visage.training.predict_teacher import with_teacher
from visage.training.reports.reporting import FINE_TUNE, TRAIN
from visage.training.reports.tensorboard import EventLog
from visage.training.settings import TrainerSettings
from visage.training.suspects.judge import judge_labels
from visage.training.suspects.table import SuspectTable


def train(
    train_split: Split,
    val_split: Split,
    settings: TrainerSettings,
    log_dir: str | None,
    strategy: tf.distribute.Strategy | None = None,
    checkpoint: Checkpoint | None = None,
    blessed: str | None = None,
    on_end: Callable[[TrainingState], None] | None = None,
    history: list[PhaseHistory] | None = None,
    suspect_labels: SuspectLabels = "keep",
    on_judged: Callable[[SuspectTable], None] | None = None,
) -> keras.Model:
    """Trains, on one device or many, the layers that are not frozen, then the whole network if the recipe fine-tunes.

    Args:
        train_split: records to learn from.
        val_split: records to choose the best epoch by.
        settings: the recipe.
        log_dir: folder for TensorBoard's logs; None: none are written.
        strategy: the devices; None: TensorFlow chooses one.
        checkpoint: state to resume from and to save; None: neither.
        blessed: SavedModel of the model that was pushed last, if the recipe starts from it.
        on_end: called with the last phase's state when training ends; None: no call.
        history: receives the epochs of each phase that ran; a resumed second phase leaves out the first one. None:
            they are not kept.
        suspect_labels: what becomes of training labels that look wrong; "keep": none is judged.
        on_judged: called with the labels of the training split when they are judged; None: no call.

    Returns:
        The network in float32 with the weights of the lowest validation loss, those between the two phases among them;
        not compiled.

    Raises:
        DivergenceError: the loss became infinite or not a number.
        VisageError: the recipe's first weights are missing or do not fit, a checkpoint or cache cannot be written, or
            the recipe cannot judge its labels.
    """
    strategy = strategy or tf.distribute.get_strategy()
    if settings.gradient_accumulation_steps > 1 and strategy.num_replicas_in_sync > 1:
        raise VisageError(
            f"trainer.gradient_accumulation_steps: {settings.gradient_accumulation_steps} parts of a batch are for one "
            f"device; here are {strategy.num_replicas_in_sync}, which share each batch: set it to 1"
        )
    spec = settings.spec
    train_split = with_teacher(train_split, settings, checkpoint, writes=is_chief(strategy))
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope(), _precision(settings.precision):
        network = first_network(settings, blessed)
        checkpoint = checkpoint and checkpoint.starting_from(network.get_weights())
    if suspect_labels != "keep":
        with _precision(settings.precision):
            judged = judge_labels(network, train_split, val_split, settings, suspect_labels, strategy, checkpoint)
        train_split = replace(train_split, weights=judged.weights())
        if on_judged is not None:
            on_judged(judged)
    second = settings.of_fine_tuning if settings.fine_tuning.epochs else None
    checkpoint_of_second = checkpoint and checkpoint.of_fine_tuning()
    if second is None or checkpoint_of_second is None or checkpoint_of_second.load() is None:
        first = settings.of_head
        features = checkpoint.features_folder if checkpoint is not None and is_chief(strategy) else None
        log = _log(log_dir, strategy)
        with select_trainable(network, train_split, val_split, first, features) as trainable, log as events:
            training_state = fit_phase(trainable, first, strategy, checkpoint, events, TRAIN)
        _keep(history, TRAIN, training_state)
    if second is not None:
        fractions = unfreeze(network, settings.fine_tuning.layer_decay)
        log = _log(log_dir and f"{log_dir}/fine_tuning", strategy)
        with select_trainable(network, train_split, val_split, second) as trainable, log as events:
            training_state = fit_phase(trainable, second, strategy, checkpoint_of_second, events, FINE_TUNE, fractions)
        _keep(history, FINE_TUNE, training_state)
    if on_end is not None:
        on_end(training_state)
    # A SavedModel must not contain the training's optimizer, replicas and precision.
    trained = spec.build()
    trained.set_weights(network.get_weights())
    return trained


def _keep(history: list[PhaseHistory] | None, phase: str, training_state: TrainingState) -> None:
    if history is not None:
        history.append(PhaseHistory(phase, training_state.history))


def _log(folder: str | None, strategy: tf.distribute.Strategy) -> AbstractContextManager[EventLog | None]:
    return closing(EventLog(folder)) if folder is not None and is_chief(strategy) else nullcontext()


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Sets the precision policy of the layers that are built inside the `with` block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
