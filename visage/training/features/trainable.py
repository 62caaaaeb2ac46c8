"""Chooses what is trained: the whole network on images, or its head on features that are computed once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from visage.training.batches import Split, TrainingBatches, evaluation_batches
from visage.training.features.feature_cache import FeatureBatches, can_keep_features, keep_features
from visage.training.features.freezing import split_at_frozen
from visage.training.settings import TrainerSettings


@dataclass(frozen=True)
class TrainableModel:
    """A network, or the head that shares its layers, with its training data.

    Attributes:
        network: to train.
        training: its batches of the training split.
        validation: those of the validation split.
    """

    network: keras.Model
    training: TrainingBatches | FeatureBatches
    validation: tf.data.Dataset


def split_at_features(network: keras.Model, settings: TrainerSettings) -> tuple[keras.Model, keras.Model] | None:
    """Cuts a network as `split_at_frozen`; returns None also if the recipe would change the features, or they are many.

    Args:
        network: with its layers frozen.
        settings: the recipe.
    """
    parts = split_at_frozen(network)
    return parts if parts is not None and can_keep_features(parts[0], settings.spec, settings) else None


@contextmanager
def select_trainable(
    network: keras.Model, train_split: Split, val_split: Split, settings: TrainerSettings, kept: Path | None = None
) -> Iterator[TrainableModel]:
    """Selects the head if a frozen trunk comes first and mirroring is the only augmentation, else the whole network.

    The features lie in files, which the operating system caches in memory as far as they fit.

    Args:
        network: with its layers frozen.
        train_split: records to learn from.
        val_split: records to choose the best epoch by.
        settings: the recipe.
        kept: folder of this training alone, which keeps the features for a resumed run; None: a temporary folder
            for the duration of the `with` block.

    Raises:
        VisageError: there is no space for the features.
    """
    parts = split_at_features(network, settings)
    if parts is None:
        validation = evaluation_batches(val_split, settings.spec, settings)
        yield TrainableModel(network, TrainingBatches(train_split, settings.spec, settings), validation)
        return
    trunk, head = parts
    with nullcontext(kept) if kept is not None else tempfile.TemporaryDirectory(prefix="visage-features-") as name:
        folder = Path(name)
        learned = keep_features(trunk, train_split, settings, folder / "train", mirrored=settings.augmentation.flip)
        judged = keep_features(trunk, val_split, settings, folder / "val", mirrored=False)
        yield TrainableModel(head, FeatureBatches(learned, settings), judged.in_order(settings))
