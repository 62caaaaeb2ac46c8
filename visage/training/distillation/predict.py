"""Asks a teacher of every training image, once for all epochs."""

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
from visage.training.distillation.predictions import TeacherPredictions, load_answers
from visage.training.distillation.teacher import CROPS, damaged, describe, find_teacher
from visage.training.settings import TrainerSettings

_FEATURES = {name: tf.io.FixedLenFeature([], tf.string) for name in (records.KEY, records.IMAGE)}
_BATCH_SIZE = 64


def with_teacher(split: Split, settings: TrainerSettings, checkpoint: Checkpoint | None, writes: bool = True) -> Split:
    """The training split with what the recipe's teacher says of it; as it is where there is none, or it was asked.

    Args:
        split: the training records.
        settings: the recipe.
        checkpoint: where answers are looked for; None: nowhere.
        writes: whether this process is the one of several that keeps them there.

    Raises:
        VisageError: the teacher is not there or cannot be loaded, or its answers cannot be kept.
    """
    if settings.distillation.teacher is None or split.answers is not None:
        return split
    file = checkpoint and checkpoint.file_of_answers
    answers = load_answers(file) if file else None
    if answers is None:
        answers = predict_teacher(split, settings)
        if file and writes:
            answers.save(file)
    return replace(split, answers=answers)


def predict_teacher(split: Split, settings: TrainerSettings) -> TeacherPredictions:
    """What the recipe's teacher answers for every image of a split, on average over it and its mirror image.

    Raises:
        VisageError: the teacher is not there, or cannot be loaded.
    """
    assert settings.distillation.teacher is not None
    teacher = find_teacher(settings.distillation.teacher)
    model = load_teacher(teacher)
    # A teacher that looks at both sides by itself says the same of either.
    mirrored = not describe(teacher).tta_flip
    keys: list[np.ndarray] = []
    batches: list[dict[str, np.ndarray]] = []
    done = 0
    for some, jpegs in _images(split, mirrored):
        sides = [model.signatures[CROPS](image_bytes=side) for side in jpegs]
        batches.append({output: _mean(sides, output) for output in settings.spec.outputs})
        keys.append(some.numpy())
        done += len(keys[-1])
        progress.report("teacher's answers", done, split.size)
    by_output = {output: np.concatenate([batch[output] for batch in batches]) for output in settings.spec.outputs}
    return TeacherPredictions(np.concatenate(keys).astype(np.bytes_), by_output)


def load_teacher(teacher: Path) -> Any:
    """A SavedModel in memory.

    Args:
        teacher: as `find_teacher` gives it.

    Raises:
        VisageError: it is damaged.
    """
    try:
        return load_saved_model(teacher)
    except Exception as error:  # TensorFlow answers damaged files with nearly any exception.
        raise damaged(teacher) from error


def _images(split: Split, mirrored: bool) -> Iterator[tuple[tf.Tensor, tuple[tf.Tensor, ...]]]:
    """Batch by batch: keys [N], and the crops as JPEG bytes [N], with their mirror images where they are asked for."""

    def parse(record: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        example = tf.io.parse_single_example(record, _FEATURES)
        jpeg = example[records.IMAGE]
        return example[records.KEY], (jpeg, _mirror(jpeg)) if mirrored else (jpeg,)

    yield from read_examples(split.files).map(parse, tf.data.AUTOTUNE).batch(_BATCH_SIZE).prefetch(tf.data.AUTOTUNE)


def _mirror(jpeg: tf.Tensor) -> tf.Tensor:
    return tf.io.encode_jpeg(tf.reverse(decode(jpeg), [1]), quality=100, chroma_downsampling=False)


def _mean(sides: list[dict[str, tf.Tensor]], output: str) -> np.ndarray:
    name = "age_probabilities" if output == "age" else "gender_probability"
    mean: np.ndarray = np.mean([answers[name].numpy() for answers in sides], axis=0)
    return mean
