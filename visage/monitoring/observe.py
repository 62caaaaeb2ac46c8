"""Counts predictions and images, by the same rules for the requests of a server and for the model's test data."""

from __future__ import annotations

import math

import numpy as np

from visage.data.labels import AGE_GROUPS, GENDERS, age_group
from visage.faces.image_header import read_header
from visage.faces.quality import size_and_roll
from visage.monitoring.counts import Counts
from visage.prediction.age_span import age_spans

_FEMALE, _MALE = GENDERS
# Rows of other models that add up to less are no distributions, nor are those of NaN.
_LEAST_SUM = 0.9


def add_faces(
    counts: Counts,
    ages: np.ndarray | None,
    age_probabilities: np.ndarray | None,
    gender_probabilities: np.ndarray | None,
) -> None:
    """Counts the predictions for n faces; an output that is no finite number is not counted, nor a face without one.

    Args:
        counts: what they are added to.
        ages: years, float [n]; None: not predicted, or not requested.
        age_probabilities: float [n, 101] by year, or [n, 8] by age group.
        gender_probabilities: P(male), float [n].
    """
    years = None if ages is None else ages.tolist()
    males = None if gender_probabilities is None else gender_probabilities.tolist()
    first = years if years is not None else males
    if first is None:
        first = [] if age_probabilities is None else age_probabilities[:, 0].tolist()
    counts.faces += sum(map(math.isfinite, first))
    predicts_groups = age_probabilities is not None and age_probabilities.shape[1] == len(AGE_GROUPS)
    if age_probabilities is not None and predicts_groups:
        _add_groups(counts, age_probabilities)
    elif age_probabilities is not None:
        _add_spans(counts, age_probabilities)
    for age in years or ():
        counts.numbers["age"].add(age)
        if not predicts_groups and math.isfinite(age):
            counts.texts["age_group"].add(AGE_GROUPS[age_group(age)])
    for probability in males or ():
        counts.numbers["gender_probability"].add(probability)
        if math.isfinite(probability):
            counts.texts["gender"].add(_MALE if probability > 0.5 else _FEMALE)


def _add_groups(counts: Counts, probabilities: np.ndarray) -> None:
    for row in probabilities[np.isfinite(probabilities).all(axis=1)].argmax(axis=1).tolist():
        counts.texts["age_group"].add(AGE_GROUPS[row])


def _add_spans(counts: Counts, probabilities: np.ndarray) -> None:
    for low, high in age_spans(probabilities[probabilities.sum(axis=1) > _LEAST_SUM]).tolist():
        counts.numbers["age_span"].add(high - low)


def add_crop(counts: Counts, image: bytes) -> None:
    """Counts the size and quality of a face crop, as its header has them."""
    counts.numbers["crop_bytes"].add(len(image))
    header = read_header(image)
    if header is not None:
        counts.texts["crop_size"].add(f"{header.width}x{header.height}")
        if header.jpeg_quality is not None:
            counts.numbers["crop_jpeg_quality"].add(round(header.jpeg_quality))


def add_photo(counts: Counts, image: bytes, landmarks: np.ndarray) -> None:
    """Counts the size and quality of a photo, as its header has them, and the size and roll of a face in it.

    Args:
        counts: what they are added to.
        image: the file's bytes.
        landmarks: (5, 2), pixels (x, y), the eyes first.
    """
    counts.numbers["photo_bytes"].add(len(image))
    header = read_header(image)
    if header is not None:
        counts.numbers["photo_pixels"].add(header.width * header.height / 1e6)
        if header.jpeg_quality is not None:
            counts.numbers["photo_jpeg_quality"].add(round(header.jpeg_quality))
    face_size, roll = size_and_roll(landmarks)
    counts.numbers["face_size"].add(face_size)
    counts.numbers["roll"].add(roll)
