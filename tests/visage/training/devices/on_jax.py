"""Trains a recipe on Keras's JAX back end, as on a machine without TensorFlow: its head first, then the whole network.

Reads `FOLDER/recipe.json` (the settings) and `FOLDER/batch.npz` (pixels, and the labels by name). Every epoch is that
one batch. Writes `FOLDER/trained.weights.h5`, and `FOLDER/trained.npz`: the loss of each step of each phase; what the
trained network gives for the same pixels in float32, raw and as predictions.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visage.training.settings import TrainerSettings


def main(folder: Path) -> None:
    """Trains on the images in `folder`, and writes there what came of it."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    # Python then cannot import the package.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    import keras

    from visage.networks.heads import age_probabilities, expected_age, male_logit
    from visage.networks.pretrained.weights import load_weights
    from visage.training.features.freezing import freeze, split_at_frozen, unfreeze

    settings = TrainerSettings.model_validate_json((folder / "recipe.json").read_text())
    spec = settings.spec
    assert spec.age_head is not None
    assert spec.gender_head is not None
    with np.load(folder / "batch.npz") as batch:
        labels = dict(batch)
    pixels = labels.pop("pixels")

    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.precision)
    network = spec.build()
    load_weights(network, settings.weights)
    freeze(network, settings.freeze)
    losses: dict[str, list[float]] = {}
    if (parts := split_at_frozen(network)) is not None:
        trunk, head = parts
        losses["head"] = fit(head, trunk.predict(pixels, verbose=0), labels, settings.of_head)
        fractions = unfreeze(network, settings.fine_tuning.layer_decay)
        losses["whole"] = fit(network, pixels, labels, settings.of_fine_tuning, fractions)
    else:
        losses["whole"] = fit(network, pixels, labels, settings)

    keras.config.set_dtype_policy("float32")
    trained = spec.build()
    trained.set_weights(network.get_weights())
    trained.save_weights(folder / "trained.weights.h5")
    raw = trained.predict(pixels, verbose=0)
    np.savez(
        folder / "trained.npz",
        age=expected_age(age_probabilities(raw["age"], spec.age_head)),
        gender_probability=keras.ops.sigmoid(male_logit(raw["gender"], spec.gender_head)),
        **{f"raw_{output}": values for output, values in raw.items()},
        **{f"losses_{phase}": values for phase, values in losses.items()},
    )


def fit(
    network: Any,
    inputs: np.ndarray,
    labels: Mapping[str, np.ndarray],
    settings: TrainerSettings,
    fractions: Mapping[str, float] | None = None,
) -> list[float]:
    """Trains as `visage.training.fit_phase`, and returns the loss of each step."""
    from visage.training.objective.metrics import metrics
    from visage.training.objective.training_model import TrainingModel
    from visage.training.optimization.optimizer import build_optimizer, learning_rate
    from visage.training.recipe_losses import recipe_losses

    spec = settings.spec
    model = TrainingModel(network, recipe_losses(settings), metrics(spec), members=spec.members)
    model.compile(build_optimizer(settings, fractions), jit_compile=settings.jit_compile)
    found = []
    for step in range(settings.epochs):
        model.optimizer.learning_rate = learning_rate(settings, steps=1, done=step, val_losses=[])
        model.reset_metrics()
        found.append(float(model.train_on_batch(inputs, labels, return_dict=True)["loss"]))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
