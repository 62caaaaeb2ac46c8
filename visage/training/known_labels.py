"""Refuses splits whose records lack the labels that training or validation needs."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from visage.data import records
from visage.errors import VisageError
from visage.training.batches import Split, read_examples
from visage.training.settings import TrainerSettings

_BATCH = 1024

_FEATURES = {
    records.AGE_LOW: tf.io.FixedLenFeature([], tf.float32),
    records.GENDER_KNOWN: tf.io.FixedLenFeature([], tf.float32),
}


def check_labels(train_split: Split, val_split: Split, settings: TrainerSettings) -> None:
    """Refuses splits without the labels that a recipe needs to train or to choose the best epoch.

    A teacher predicts missing labels, so with one every split is accepted.

    Raises:
        VisageError: no record of `train` has a label of one of the heads, or no record of `val` has a label of any.
    """
    if settings.distillation.teacher is not None:
        return
    learned = known_labels(train_split, settings)
    for label, known in learned.items():
        if not known:
            other = "gender" if label == "age" else "age"
            raise VisageError(
                f"trainer.{label}_head: no record of the train split has a known {label}; give more data, or learn the "
                f"{other} alone: --set trainer.{label}_head=none, with the limits evaluator.{label}_* set to null"
            )
    if not any(known_labels(val_split, settings).values()):
        raise VisageError(
            f"the val split: no record has a known {' or '.join(learned)}, so no epoch can be chosen by it; give more "
            "data or change `split`"
        )


def known_labels(split: Split, settings: TrainerSettings) -> Mapping[str, bool]:
    """Returns, by 'age' and 'gender', whether any record of a split has a label for that head of the network.

    It reads only as far as needed: a split may hold hundreds of thousands of images.
    """
    known = dict.fromkeys(settings.spec.outputs, False)
    for batch in read_examples(split.files).batch(_BATCH).map(lambda batch: tf.io.parse_example(batch, _FEATURES)):
        found = {
            "age": (batch[records.AGE_LOW].numpy() >= 0).any(),
            "gender": (batch[records.GENDER_KNOWN].numpy() > 0).any(),
        }
        known = {label: before or bool(found[label]) for label, before in known.items()}
        if all(known.values()):
            break
    return known
