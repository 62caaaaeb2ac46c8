"""Trains a few steps on Keras's JAX back end, as on a machine without TensorFlow.

Reads `FOLDER/batch.npz` (pixels, and the labels by name), writes `FOLDER/trained.weights.h5` and what that
network predicts for the same pixels, `FOLDER/predictions.npz`.
"""

import os
import sys
from pathlib import Path

import numpy as np

from visage.training.settings import TrainerSettings

SETTINGS = TrainerSettings(network="compact", epochs=2, batch_size=8, learning_rate=1e-3, weight_decay=0.02)


def main(folder: Path) -> None:
    """Trains on the images in `folder` and writes its predictions there."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    # Python then cannot import the package.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    import keras

    from visage.networks.heads import age_probabilities, expected_age, male_logit
    from visage.training.objective.losses import losses
    from visage.training.objective.metrics import metrics
    from visage.training.objective.training_model import TrainingModel
    from visage.training.optimization.optimizer import build_optimizer

    spec = SETTINGS.spec
    assert spec.age_head is not None
    assert spec.gender_head is not None
    with np.load(folder / "batch.npz") as batch:
        labels = dict(batch)
    pixels = labels.pop("pixels")
    keras.utils.set_random_seed(SETTINGS.seed)
    network = spec.build()
    model = TrainingModel(network, losses(spec), metrics(spec))
    model.compile(build_optimizer(SETTINGS), jit_compile=False)
    model.fit(pixels, labels, batch_size=SETTINGS.batch_size, epochs=SETTINGS.epochs, verbose=0)
    network.save_weights(folder / "trained.weights.h5")
    raw = network(pixels, training=False)
    np.savez(
        folder / "predictions.npz",
        age=keras.ops.convert_to_numpy(expected_age(age_probabilities(raw["age"], spec.age_head))),
        gender_probability=keras.ops.convert_to_numpy(keras.ops.sigmoid(male_logit(raw["gender"], spec.gender_head))),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
