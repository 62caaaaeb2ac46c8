"""Predicts every training image with a teacher, once for all epochs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from visage import progress
from visage.data import records
from visage.saved_model.load import load_saved_model
from visage.saved_model.preprocessing import decode
from visage.training.batches import Split, read_examples
from visage.training.checkpoint import Checkpoint
from visage.training.distillation.predictions import TeacherPredictions, load_predictions
from visage.training.distillation.teacher import CROPS, damaged, describe, find_teacher
from visage.training.settings import TrainerSettings

_FEATURES = {name: tf.io.FixedLenFeature([], tf.string) for name in (records.KEY, records.IMAGE)}
_BATCH_SIZE = 64


def with_teacher(split: Split, settings: TrainerSettings, checkpoint: Checkpoint | None, writes: bool = True) -> Split:
    """Adds the predictions of the recipe's teacher to the training split, if it has one and they are not there yet.

    Args:
        split: the training records.
        settings: the recipe.
        checkpoint: keeps the predictions; None: they are not kept.
        writes: whether this process, of several, writes them there.

    Raises:
        VisageError: the teacher is missing or cannot be loaded, or its predictions cannot be written.
    """
    if settings.distillation.teacher is None or split.teacher is not None:
        return split
    file = checkpoint and checkpoint.teacher_predictions_file
    predictions = load_predictions(file) if file else None
    if predictions is None:
        predictions = predict_teacher(split, settings)
        if file and writes:
            predictions.save(file)
    return replace(split, teacher=predictions)


def predict_teacher(split: Split, settings: TrainerSettings) -> TeacherPredictions:
    """Predicts every image of a split with the recipe's teacher, as the mean over it and its mirror image.

    Raises:
        VisageError: the teacher is missing or cannot be loaded.
    """
    assert settings.distillation.teacher is not None
    teacher = find_teacher(settings.distillation.teacher)
    model = load_teacher(teacher)
    # A teacher with tta_flip predicts the same for an image and its mirror image.
    mirrored = not describe(teacher).tta_flip
    keys: list[np.ndarray] = []
    batches: list[dict[str, np.ndarray]] = []
    done = 0
    for some, jpegs in _images(split, mirrored):
        sides = [model.signatures[CROPS](image_bytes=side) for side in jpegs]
        batches.append({output: _mean(sides, output) for output in settings.spec.outputs})
        keys.append(some.numpy())
        done += len(keys[-1])
        progress.report("teacher's predictions", done, split.size)
    by_output = {output: np.concatenate([batch[output] for batch in batches]) for output in settings.spec.outputs}
    return TeacherPredictions(np.concatenate(keys).astype(np.bytes_), by_output)


def load_teacher(teacher: Path) -> Any:
    """Loads a teacher's SavedModel.

    Args:
        teacher: as `find_teacher` gives it.

    Raises:
        VisageError: it is damaged.
    """
    try:
        return load_saved_model(teacher)
    except Exception as error:  # TensorFlow raises nearly any exception for damaged files.
        raise damaged(teacher) from error


def _images(split: Split, mirrored: bool) -> Iterator[tuple[tf.Tensor, tuple[tf.Tensor, ...]]]:
    """Yields batches of keys [N] and crops as JPEG bytes [N], with their mirror images if `mirrored`."""

    def parse(record: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        example = tf.io.parse_single_example(record, _FEATURES)
        jpeg = example[records.IMAGE]
        return example[records.KEY], (jpeg, _mirror(jpeg)) if mirrored else (jpeg,)

    yield from read_examples(split.files).map(parse, tf.data.AUTOTUNE).batch(_BATCH_SIZE).prefetch(tf.data.AUTOTUNE)


def _mirror(jpeg: tf.Tensor) -> tf.Tensor:
    return tf.io.encode_jpeg(tf.reverse(decode(jpeg), [1]), quality=100, chroma_downsampling=False)


def _mean(sides: list[dict[str, tf.Tensor]], output: str) -> np.ndarray:
    name = "age_probabilities" if output == "age" else "gender_probability"
    mean: np.ndarray = np.mean([outputs[name].numpy() for outputs in sides], axis=0)
    return mean
