"""Predicts each training record by a head that has learned from the others, on features that are computed once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from visage.array_files import read_arrays, write_arrays
from visage.errors import VisageError
from visage.networks import NetworkSpec
from visage.networks.heads import age_probabilities, male_logit
from visage.training.batches import Split
from visage.training.checkpoint import Checkpoint
from visage.training.devices import is_chief
from visage.training.features.feature_cache import FeatureBatches, FrozenFeatures
from visage.training.features.freezing import freeze, split_at_frozen
from visage.training.features.trainable import TrainableModel, select_trainable, split_at_features
from visage.training.fit_phase import fit_phase
from visage.training.settings import TrainerSettings

FOLDS = 5

_BATCH_SIZE = 1024

Predictions = dict[str, np.ndarray]


def check_features(network: keras.Model, settings: TrainerSettings) -> None:
    """Checks that a network has features that are computed once, before records are read.

    Args:
        network: with its layers frozen.
        settings: the recipe of the first phase.

    Raises:
        VisageError: it has none.
    """
    if split_at_features(network, settings) is None:
        raise VisageError(
            f"trainer.freeze: cleaning.suspect_labels needs features that are computed once, and {network.name} "
            "gives none here: freeze its first layers, or set cleaning.suspect_labels to keep"
        )


def predict_out_of_fold(
    network: keras.Model,
    train_split: Split,
    val_split: Split,
    settings: TrainerSettings,
    fold: np.ndarray,
    strategy: tf.distribute.Strategy,
    checkpoint: Checkpoint | None,
) -> Predictions:
    """Predicts every record by the head of its fold.

    Args:
        network: with its layers frozen, as `check_features` wants it; it is not changed.
        train_split: the records.
        val_split: chooses the best epoch of each head.
        settings: the recipe of the first phase; the heads learn for half its epochs, which judge as well.
        fold: the fold of each record, int [N], 0 to FOLDS - 1.
        strategy: the devices.
        checkpoint: keeps the features, the states of the heads, and their predictions; None: they are not kept.

    Returns:
        `age`, the mean distribution over an image and its mirror image, float32 [N, 101 or 8]; `gender`, P(male),
        float32 [N]; those of the network's heads, in the order of the split.

    Raises:
        VisageError: a file cannot be written.
    """
    settings = settings.model_copy(update={"epochs": math.ceil(settings.epochs / 2)})
    features = checkpoint.features_folder if checkpoint is not None and is_chief(strategy) else None
    together: Predictions = {}
    with select_trainable(network, train_split, val_split, settings, features) as trainable:
        for number in range(FOLDS):
            of_fold = checkpoint and checkpoint.of_fold(number)
            predictions = read_arrays(of_fold.fold_predictions_file) if of_fold is not None else None
            if predictions is None:
                predictions = _predict_fold(trainable, settings, fold, number, strategy, of_fold)
                if of_fold is not None and is_chief(strategy):
                    write_arrays(of_fold.fold_predictions_file, predictions)
            for name, values in predictions.items():
                whole = together.setdefault(name, np.zeros((len(fold), *values.shape[1:]), np.float32))
                whole[fold == number] = values
    return together


def _predict_fold(
    trainable: TrainableModel,
    settings: TrainerSettings,
    fold: np.ndarray,
    number: int,
    strategy: tf.distribute.Strategy,
    checkpoint: Checkpoint | None,
) -> Predictions:
    """Trains a new head on the other folds, and predicts this one."""
    batches = trainable.training
    assert isinstance(batches, FeatureBatches)
    keras.utils.set_random_seed(settings.seed)
    with strategy.scope():
        # Weights from a file or a dictionary would be those of the trunk alone, which is not used.
        whole = settings.spec.build()
        freeze(whole, settings.freeze)
        parts = split_at_frozen(whole)
    assert parts is not None
    head = parts[1]
    # A teacher may have learned from the labels.
    training = batches.on(np.flatnonzero(fold != number), without="teacher_")
    of_fold = TrainableModel(head, training, trainable.validation)
    fit_phase(of_fold, settings, strategy, checkpoint, None, f"judge labels, {number + 1} of {FOLDS}")
    return _predictions(head, batches.kept, np.flatnonzero(fold == number), settings.spec)


def _predictions(head: keras.Model, kept: FrozenFeatures, records: np.ndarray, spec: NetworkSpec) -> Predictions:
    """Returns the mean prediction over the sides of an image."""
    run = tf.function(lambda features: head(features, training=False), reduce_retracing=True)
    found: dict[str, list[np.ndarray]] = {output: [] for output in spec.outputs}
    for start in range(0, len(records), _BATCH_SIZE):
        some = kept.features[records[start : start + _BATCH_SIZE]].astype(np.float32)
        sides = [run(tf.constant(some[:, side])) for side in range(some.shape[1])]
        for output in spec.outputs:
            found[output].append(np.mean([_probabilities(raw, output, spec) for raw in sides], axis=0))
    return {output: np.concatenate(batches) for output, batches in found.items()}


def _probabilities(raw: Mapping[str, Any], output: str, spec: NetworkSpec) -> np.ndarray:
    if output == "gender":
        assert spec.gender_head is not None
        probability = ops.sigmoid(male_logit(raw["gender"], spec.gender_head))
    else:
        assert spec.age_head is not None
        probability = age_probabilities(raw["age"], spec.age_head)
    return np.asarray(keras.ops.convert_to_numpy(probability))
