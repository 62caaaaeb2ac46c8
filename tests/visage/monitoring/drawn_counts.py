"""Draws the predictions of a model for some faces, as counts."""

import numpy as np

from visage.monitoring.counts import Counts
from visage.monitoring.features import ANSWERED
from visage.monitoring.observe import add_faces


def drawn_counts(faces: int, *, older: float = 0.0, men: float = 0.5, refused: int = 0, seed: int = 1) -> Counts:
    """Counts one request for each face: ages around 40 years plus `older`, a fraction of men, and blur of the crops."""
    rng = np.random.default_rng(seed)
    counts = Counts()
    ages = rng.normal(40 + older, 15, faces).clip(0, 100)
    distances = (np.arange(101) - ages[:, np.newaxis]) / 5
    weights = np.exp(-(distances**2) / 2)
    is_man = rng.random(faces) < men
    add_faces(counts, ages, weights / weights.sum(axis=1, keepdims=True), np.where(is_man, 0.93, 0.07))
    for blur in rng.lognormal(6, 0.5, faces):
        counts.numbers["blur"].add(float(blur))
    for _ in range(faces):
        counts.texts["crop_size"].add("112x112")
    counts.add_outcome(ANSWERED, faces)
    if refused:
        counts.add_outcome("INVALID_ARGUMENT", refused)
    return counts
