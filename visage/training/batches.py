"""Reads tf.Examples into batches of pixels and of the labels that the network's heads need."""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from visage.data import records
from visage.errors import VisageError
from visage.memory import memory_limit
from visage.networks import NetworkSpec
from visage.saved_model.preprocessing import decode, to_network_input
from visage.training.augmentation.augment import augment
from visage.training.augmentation.mixup import mix
from visage.training.distillation.predictions import TeacherPredictions
from visage.training.objective.label_weights import LabelWeights
from visage.training.objective.labels import Labels
from visage.training.settings import TrainerSettings

# Examples that are shuffled as JPEG bytes if the decoded images of the whole split do not fit into memory.
_SHUFFLED_WHEN_STREAMED = 10_000
# The largest fraction of the memory that a split's decoded images may take.
_FRACTION_OF_MEMORY = 0.2
# Derives the seed of a batch's mixtures from that of its other changes.
_MIXUP = 1

_FEATURES = {
    records.IMAGE: tf.io.FixedLenFeature([], tf.string),
    records.KEY: tf.io.FixedLenFeature([], tf.string),
    records.AGE_LOW: tf.io.FixedLenFeature([], tf.float32),
    records.AGE_HIGH: tf.io.FixedLenFeature([], tf.float32),
    # A deviation is never negative, so -1 means unknown.
    records.APPARENT_AGE_STD: tf.io.FixedLenFeature([], tf.float32, default_value=-1.0),
    records.GENDER_LABEL: tf.io.FixedLenFeature([], tf.int64),
    records.GENDER_KNOWN: tf.io.FixedLenFeature([], tf.float32),
}


@dataclass(frozen=True)
class Split:
    """The written records of one split.

    Attributes:
        name: 'train' or 'val', for messages.
        files: gzip TFRecords.
        size: number of records.
        teacher: a teacher's predictions for them, which are added to their labels; None: there is no teacher.
        weights: of their labels in the losses; None: each counts in full.
    """

    name: str
    files: list[str]
    size: int
    teacher: TeacherPredictions | None = None
    weights: LabelWeights | None = None


def open_split(name: str, patterns: list[str]) -> Split:
    """Finds a split's files and counts their records.

    Args:
        name: 'train' or 'val', for messages.
        patterns: paths of gzip TFRecord files. The last part of each may be a pattern; the folder is literal.

    Raises:
        VisageError: there is no record, or a file is cut short.
    """
    files = sorted(path for pattern in patterns for path in _matching(pattern))
    try:
        size = int(read_examples(files).reduce(np.int64(0), lambda count, _: count + 1)) if files else 0
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise VisageError(f"the {name} split cannot be read: {error.message}; run FaceExampleGen again") from None
    if not size:
        if missing := [folder for pattern in patterns if not tf.io.gfile.isdir(folder := _folder(pattern) or ".")]:
            raise VisageError(
                f"the {name} split: {', '.join(missing)} does not exist; run FaceExampleGen again, or name the folder "
                "that it wrote"
            )
        raise VisageError(
            f"the {name} split holds no records ({', '.join(patterns)}); give more data or change `split`"
        )
    return Split(name, files, size)


def _matching(pattern: str) -> list[str]:
    """Returns the files of the pattern's folder whose names match its last part, all of them if that is "*"."""
    folder = _folder(pattern)
    name = pattern.removeprefix(folder)
    try:
        return [f"{folder}{found}" for found in fnmatch.filter(tf.io.gfile.listdir(folder or "."), name)]
    except tf.errors.NotFoundError:
        return []


def _folder(pattern: str) -> str:
    return pattern[: pattern.rfind("/") + 1]


class TrainingBatches:
    """Shuffled, augmented batches of the training split, in another order every epoch.

    The records of a batch and their changes depend on the seed, the epoch and the step alone, so that a killed training
    resumes with the same batch that it would have reached.
    """

    def __init__(self, split: Split, spec: NetworkSpec, settings: TrainerSettings) -> None:
        self._split = split
        self._spec = spec
        self._settings = settings
        in_order = _decode(read_examples(split.files), spec, settings, split)
        self._decoded = in_order.cache() if _fits_into_memory(split, spec) else None
        self._size = min(split.size, settings.epoch_size or split.size)
        self.steps = math.ceil(self._size / settings.step_size)

    def epoch(self, number: int, first_step: int = 0) -> tf.data.Dataset:
        """Returns the batches of an epoch (counted from 0), without those before `first_step`.

        Returns:
            Elements (pixels float32 [N, input_size, input_size, channels] in 0..255, labels as
            `visage.training.objective.labels` describes them). The last batch holds the remainder.
        """
        batches = self._examples(number, first_step * self._settings.step_size).batch(self._settings.step_size)
        changed = augmented(batches, self._settings, first=number * self.steps + first_step)
        return _ready(changed, self.steps - first_step)

    def _examples(self, epoch: int, skipped: int) -> tf.data.Dataset:
        seed = int(np.random.SeedSequence([self._settings.seed, epoch]).generate_state(1)[0])
        if self._decoded is not None:
            shuffled = self._decoded.shuffle(self._split.size, seed=seed, reshuffle_each_iteration=False)
            return shuffled.take(self._size).skip(skipped)
        buffer = min(self._split.size, _SHUFFLED_WHEN_STREAMED)
        shuffled = _read_mixed(self._split.files, seed).shuffle(buffer, seed=seed, reshuffle_each_iteration=False)
        drawn = shuffled.take(self._size).skip(skipped)
        return _decode(drawn, self._spec, self._settings, self._split)


def augmented(batches: tf.data.Dataset, settings: TrainerSettings, first: int = 0) -> tf.data.Dataset:
    """Augments batches (pixels uint8, labels) by the settings `trainer.augmentation`.

    Args:
        batches: numbered on through all epochs.
        settings: the recipe.
        first: the number of the first of `batches`. Batches of the same number get the same changes.

    Returns:
        Elements (pixels float32 in 0..255, labels).
    """

    def change(number: tf.Tensor, batch: tuple[tf.Tensor, Labels]) -> tuple[tf.Tensor, Labels]:
        pixels, labels = batch
        seed = tf.stack([tf.constant(settings.seed, tf.int64), number])
        changed = augment(pixels, seed, settings.augmentation)
        mixup = settings.augmentation.mixup
        return mix(changed, labels, tf.random.fold_in(seed, _MIXUP), mixup) if mixup else (changed, labels)

    return batches.enumerate(start=first).map(change, num_parallel_calls=tf.data.AUTOTUNE)


def some_examples(split: Split, spec: NetworkSpec, settings: TrainerSettings, count: int) -> tf.data.Dataset:
    """Returns the examples of `spread_examples` as one batch (pixels uint8, labels)."""
    return _decode(spread_examples(split, count), spec, settings, replace(split, teacher=None)).batch(count)


def evaluation_batches(split: Split, spec: NetworkSpec, settings: TrainerSettings) -> tf.data.Dataset:
    """Returns the split in its own order, not augmented; elements as those of `TrainingBatches`."""
    examples = _decode(read_examples(split.files), spec, settings, split)
    if _fits_into_memory(split, spec):
        examples = examples.cache()
    batches = examples.batch(settings.step_size).map(lambda pixels, labels: (tf.cast(pixels, tf.float32), labels))
    return _ready(batches, math.ceil(split.size / settings.step_size))


def unlabelled(like: Labels, count: tf.Tensor) -> Labels:
    """Returns labels of weight 0 for `count` records: they affect no loss and no metric.

    Args:
        like: labels of a batch, whose names, shapes and types the result has.
        count: an integer scalar.
    """
    return {name: tf.zeros([count, *values.shape[1:]], values.dtype) for name, values in like.items()}


def read_examples(files: list[str]) -> tf.data.Dataset:
    """Reads serialized tf.Examples in their order."""
    return tf.data.TFRecordDataset(files, compression_type="GZIP")


def spread_examples(split: Split, count: int) -> tf.data.Dataset:
    """Reads `count` serialized tf.Examples at equal distances in a split's order; all of them if it has fewer."""
    numbered = read_examples(split.files).enumerate()
    return numbered.filter(lambda number, _: number * count % split.size < count).map(lambda _, example: example)


def _read_mixed(files: list[str], seed: int) -> tf.data.Dataset:
    """Reads several files at a time, chosen by the seed, since neighbouring files hold a single source."""
    mixed = tf.data.Dataset.from_tensor_slices(files)
    mixed = mixed.shuffle(len(files), seed=seed, reshuffle_each_iteration=False)
    return mixed.interleave(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP"), cycle_length=16, deterministic=True
    )


def _decode(serialized: tf.data.Dataset, spec: NetworkSpec, settings: TrainerSettings, split: Split) -> tf.data.Dataset:
    def parse(record: tf.Tensor) -> tuple[tf.Tensor, Labels]:
        example = tf.io.parse_single_example(record, _FEATURES)
        pixels = to_network_input(decode(example[records.IMAGE]), spec.input_size, spec.channels)
        labels: Labels = {}
        if spec.age_head is not None:
            labels |= _age_labels(example, settings)
        if spec.gender_head is not None:
            labels |= _gender_labels(example)
        if split.weights is not None:
            labels = split.weights.of(example[records.KEY], labels)
        if split.teacher is not None:
            labels |= split.teacher.of(example[records.KEY])
        return pixels, labels

    return serialized.map(parse, num_parallel_calls=tf.data.AUTOTUNE)


def _age_labels(example: dict[str, tf.Tensor], settings: TrainerSettings) -> Labels:
    low, votes_std = example[records.AGE_LOW], example[records.APPARENT_AGE_STD]
    return {
        "age_low": low,
        "age_high": example[records.AGE_HIGH],
        "age_weight": tf.cast(low >= 0, tf.float32),
        "age_std": tf.where(votes_std < 0, settings.label_sigma, votes_std),
    }


def _gender_labels(example: dict[str, tf.Tensor]) -> Labels:
    return {
        "gender": tf.cast(example[records.GENDER_LABEL], tf.float32),
        "gender_weight": example[records.GENDER_KNOWN],
    }


def _ready(batches: tf.data.Dataset, batch_count: int) -> tf.data.Dataset:
    return batches.apply(tf.data.experimental.assert_cardinality(batch_count)).prefetch(tf.data.AUTOTUNE)


def _fits_into_memory(split: Split, spec: NetworkSpec) -> bool:
    decoded = split.size * spec.input_size**2 * spec.channels
    return decoded < _FRACTION_OF_MEMORY * memory_limit()
