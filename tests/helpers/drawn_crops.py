"""Draws face crops that a network learns in seconds: older faces are lighter, and men have a dark bar for a beard."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from visage.data.age_labels import GROUP_INTERVALS, AgeInterval
from visage.data.labels import age_group
from visage.data.records import FaceRecord, to_example
from visage.faces.encode import encode

SIZE = 64


def draw_crop(age: float, gender: str, rng: np.random.Generator) -> np.ndarray:
    """Draws a head on a random background: uint8 (SIZE, SIZE, 3)."""
    crop = np.full((SIZE, SIZE, 3), rng.integers(0, 256, 3), np.float64)
    crop[8:60, 12:52] = 40 + 2 * age
    crop[18:22, 18:26] = crop[18:22, 38:46] = 20
    if gender == "male":
        crop[46:56, 20:44] = 10
    return (crop + rng.normal(0, 4, crop.shape)).clip(0, 255).astype(np.uint8)


def people(count: int, seed: int) -> list[FaceRecord]:
    """Draws records of people; every fourth has only an age group, every fifth no gender."""
    rng = np.random.default_rng(seed)
    return [_person(number, rng) for number in range(count)]


def _person(number: int, rng: np.random.Generator) -> FaceRecord:
    age = float(rng.integers(1, 95))
    gender = "female" if rng.random() < 0.5 else "male"
    return FaceRecord(
        image=encode(draw_crop(age, gender, rng)),
        key=str(number),
        age_label=GROUP_INTERVALS[age_group(age)] if number % 4 == 3 else AgeInterval.exact(age),
        gender="unknown" if number % 5 == 4 else gender,
        identity=f"utkface/{number}",
        source="utkface",
    )


def write_split(examples_uri: Path, split: str, records: list[FaceRecord]) -> Path:
    """Writes one split as FaceExampleGen does; returns its file."""
    folder = examples_uri / f"Split-{split}"
    folder.mkdir(parents=True)
    file = folder / "data_tfrecord-00000-of-00001.gz"
    with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
        for record in records:
            writer.write(to_example(record))
    return file
