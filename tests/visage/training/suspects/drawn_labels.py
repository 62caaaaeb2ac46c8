"""Drawn faces of which some have wrong labels, and a network that judges them on the features of a random trunk."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tests.helpers.drawn_crops import people, write_split
from visage.data.age_labels import AgeInterval
from visage.data.records import FaceRecord
from visage.faces.encode import encode
from visage.training.batches import Split, open_split
from visage.training.initialization.first_network import first_network
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings

COUNT = 300
WRONG_AGES, WRONG_GENDERS = range(0, COUNT, 20), range(1, COUNT, 20)
STILL = AugmentationSettings(flip=False, shift=0, brightness=0, contrast=0)


def recipe(**what: Any) -> TrainerSettings:
    """All of `compact` but its heads is frozen; features of a random trunk tell lightness and colour."""
    known = {
        "freeze": -2,
        "epochs": 20,
        "batch_size": 16,
        "learning_rate": 0.05,
        "augmentation": STILL,
        "checkpoint_steps": 8,
    }
    return TrainerSettings(network="compact", **{**known, **what})


def network_of(settings: TrainerSettings) -> keras.Model:
    """Builds the recipe's network as a training does."""
    keras.utils.set_random_seed(settings.seed)
    return first_network(settings, None)


def faces(count: int, seed: int) -> list[FaceRecord]:
    """Draws people as plain images: older ones are lighter, and men are of another colour."""
    rng = np.random.default_rng(seed)
    return [replace(record, image=encode(_draw(record, rng))) for record in people(count, seed)]


def _draw(record: FaceRecord, rng: np.random.Generator) -> np.ndarray:
    assert record.age_label is not None
    years = (record.age_label.low + record.age_label.high) / 2
    # Whose gender is unknown may be drawn as either.
    colour = np.array([1.0, 1.0, 0.3] if record.gender == "male" else [0.3, 1.0, 1.0])
    return (colour * (40 + 2.1 * years) + rng.normal(0, 3, (64, 64, 3))).clip(0, 255).astype(np.uint8)


def wrongly_labelled(count: int = COUNT, seed: int = 1) -> list[FaceRecord]:
    """Draws people, of whom every twentieth has a wrong age, and the one after a wrong gender."""
    found = faces(count, seed)
    for number in range(0, count, 20):
        age = ((found[number].age or 0.0) + 48) % 96
        found[number] = replace(found[number], age_label=AgeInterval.exact(age))
        other = "male" if found[number + 1].gender == "female" else "female"
        found[number + 1] = replace(found[number + 1], gender=other)
    return found


def splits_of(folder: Path, records: Sequence[FaceRecord], of_val: Sequence[FaceRecord]) -> tuple[Split, Split]:
    """Writes both splits and opens them."""
    write_split(folder, "train", list(records))
    write_split(folder, "val", list(of_val))
    return open_split("train", [f"{folder}/Split-train/*"]), open_split("val", [f"{folder}/Split-val/*"])
