"""From the written tf.Examples to batches of pixels and labels."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import tensorflow as tf

from components.errors import VisageError
from components.faces import records
from components.trainer.augmentation import augment
from components.trainer.models import NetworkSpec
from components.trainer.pixels import decode, to_network_input
from components.trainer.settings import TrainerSettings

# Examples that are shuffled as JPEG bytes where the decoded pictures of the whole split do not fit into memory.
_SHUFFLED_WHEN_STREAMED = 10_000
# The most of this machine's memory that a split's decoded pictures may take.
_SHARE_OF_MEMORY = 0.2

_FEATURES = {
    records.IMAGE: tf.io.FixedLenFeature([], tf.string),
    records.AGE: tf.io.FixedLenFeature([], tf.float32),
    records.AGE_KNOWN: tf.io.FixedLenFeature([], tf.float32),
    records.AGE_GROUP: tf.io.FixedLenFeature([], tf.int64),
    # A deviation is never negative: -1 is unknown.
    records.APPARENT_AGE_STD: tf.io.FixedLenFeature([], tf.float32, default_value=-1.0),
    records.GENDER_LABEL: tf.io.FixedLenFeature([], tf.int64),
    records.GENDER_KNOWN: tf.io.FixedLenFeature([], tf.float32),
}


@dataclass(frozen=True)
class Split:
    """The written records of one split."""

    name: str
    files: list[str]
    size: int


def open_split(name: str, patterns: list[str]) -> Split:
    """Finds a split's files and counts their records.

    Args:
        name: 'train' or 'val', for messages.
        patterns: globs of gzip TFRecord files.

    Raises:
        VisageError: there is no record, or a file is cut short.
    """
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    try:
        size = int(_read(files).reduce(tf.constant(0, tf.int64), lambda count, _: count + 1).numpy()) if files else 0
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise VisageError(f"the {name} split cannot be read: {error.message}; run FaceExampleGen again") from None
    if not size:
        raise VisageError(
            f"the {name} split holds no records ({', '.join(patterns)}); give more data or change `split`"
        )
    return Split(name, files, size)


def training_batches(split: Split, spec: NetworkSpec, settings: TrainerSettings) -> tf.data.Dataset:
    """One epoch of shuffled, augmented batches, in another order each time it is read.

    Returns:
        Elements (pixels float32 [N, input_size, input_size, channels] in 0..255, labels as `losses` describes them).
        The last batch holds what is left over.
    """
    batch_count = math.ceil(split.size / settings.batch_size)
    if _fits_into_memory(split, spec):
        examples = _decode(_read(split.files), spec, settings).cache().shuffle(split.size, seed=settings.seed)
    else:
        shuffled = _read_mixed(split.files, settings.seed)
        shuffled = shuffled.shuffle(min(split.size, _SHUFFLED_WHEN_STREAMED), seed=settings.seed)
        examples = _decode(shuffled, spec, settings)
    return _ready(augmented(examples.batch(settings.batch_size), settings), batch_count)


def augmented(batches: tf.data.Dataset, settings: TrainerSettings) -> tf.data.Dataset:
    """Changes the pictures of batches (pixels uint8, labels) as `trainer.augmentation` says, anew each time it is read.

    Returns:
        Elements (pixels float32 in 0..255, labels).
    """
    seeds = tf.data.Dataset.random(seed=settings.seed, rerandomize_each_iteration=True).batch(2)
    return tf.data.Dataset.zip(batches, seeds).map(
        lambda example, seed: (augment(tf.cast(example[0], tf.float32), seed, settings.augmentation), example[1]),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def some_examples(split: Split, spec: NetworkSpec, settings: TrainerSettings, count: int) -> tf.data.Dataset:
    """At most `count` records spread evenly over the split's files, as one batch (pixels uint8, labels)."""
    spread = _read(split.files).shard(max(1, split.size // count), 0).take(count)
    return _decode(spread, spec, settings).batch(count)


def evaluation_batches(split: Split, spec: NetworkSpec, settings: TrainerSettings) -> tf.data.Dataset:
    """The split in its own order, not augmented; elements as those of `training_batches`."""
    examples = _decode(_read(split.files), spec, settings)
    if _fits_into_memory(split, spec):
        examples = examples.cache()
    batches = examples.batch(settings.batch_size).map(lambda pixels, labels: (tf.cast(pixels, tf.float32), labels))
    return _ready(batches, math.ceil(split.size / settings.batch_size))


def _read(files: list[str]) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(files, compression_type="GZIP")


def _read_mixed(files: list[str], seed: int) -> tf.data.Dataset:
    """Some files at a time, others each epoch: neighbouring files hold one source alone."""
    mixed = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files), seed=seed)
    return mixed.interleave(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP"), cycle_length=16, deterministic=True
    )


def _decode(serialized: tf.data.Dataset, spec: NetworkSpec, settings: TrainerSettings) -> tf.data.Dataset:
    def parse(record: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        example = tf.io.parse_single_example(record, _FEATURES)
        pixels = to_network_input(decode(example[records.IMAGE]), spec.input_size, spec.channels)
        age_group = tf.cast(example[records.AGE_GROUP], tf.float32)
        votes_std = example[records.APPARENT_AGE_STD]
        sigma = tf.where(votes_std < 0, settings.label_sigma, votes_std)
        gender = tf.cast(example[records.GENDER_LABEL], tf.float32)
        labels = {
            "age": tf.stack([example[records.AGE], example[records.AGE_KNOWN], age_group, sigma]),
            "gender": tf.stack([gender, example[records.GENDER_KNOWN]]),
        }
        return pixels, labels

    return serialized.map(parse, num_parallel_calls=tf.data.AUTOTUNE)


def _ready(batches: tf.data.Dataset, batch_count: int) -> tf.data.Dataset:
    # Keras warns of running out of data where it must find out by itself how many batches there are.
    return batches.apply(tf.data.experimental.assert_cardinality(batch_count)).prefetch(tf.data.AUTOTUNE)


def _fits_into_memory(split: Split, spec: NetworkSpec) -> bool:
    decoded = split.size * spec.input_size**2 * spec.channels
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return decoded < _SHARE_OF_MEMORY * memory
