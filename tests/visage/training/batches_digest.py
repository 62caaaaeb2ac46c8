"""Prints a digest of the training batches of two epochs, in a separate process for `test_batches`."""

import hashlib
import sys

import keras

from visage.training.batches import TrainingBatches, open_split
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings

EVERYTHING = AugmentationSettings(
    flip=True,
    shift=0.1,
    zoom=0.2,
    rotation=20,
    shear=0.1,
    brightness=0.1,
    contrast=0.1,
    saturation=0.3,
    erasing=0.5,
    mixup=0.5,
)


def digest(file: str, seed: int) -> str:
    """Returns the digest of the pixels and labels of every batch of epochs 0 and 1, in their order."""
    settings = TrainerSettings(
        network="compact", epochs=2, batch_size=8, learning_rate=0.1, seed=seed, augmentation=EVERYTHING
    )
    # As at the start of `train`.
    keras.utils.set_random_seed(seed)
    batches = TrainingBatches(open_split("train", [file]), settings.spec, settings)
    found = hashlib.sha256()
    for epoch in (0, 1):
        for pixels, labels in batches.epoch(epoch).as_numpy_iterator():
            found.update(pixels.tobytes() + b"".join(labels[name].tobytes() for name in sorted(labels)))
    return found.hexdigest()


if __name__ == "__main__":
    print(digest(sys.argv[1], int(sys.argv[2])))
