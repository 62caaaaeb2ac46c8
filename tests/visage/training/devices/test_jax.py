"""Weights trained on the JAX back end predict the same in the TensorFlow export."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import ALIGNMENT
from tests.visage.training.devices.on_jax import SETTINGS
from visage.saved_model.export import export
from visage.training.batches import evaluation_batches, open_split


def test_weights_trained_on_jax_predict_the_same_in_the_tensorflow_export(tmp_path: Path) -> None:
    portraits = people(8, seed=1)
    split = open_split("train", [str(write_split(tmp_path, "train", portraits))])
    ((pixels, labels),) = evaluation_batches(split, SETTINGS.spec, SETTINGS).as_numpy_iterator()
    np.savez(tmp_path / "batch.npz", pixels=pixels, **labels)
    command = [sys.executable, "-m", "tests.visage.training.devices.on_jax", str(tmp_path)]
    trained = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr

    network = SETTINGS.spec.build()
    untrained = network.get_weights()
    network.load_weights(tmp_path / "trained.weights.h5")
    export(network, SETTINGS.spec, ALIGNMENT, str(tmp_path / "model"))
    serve = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    predictions = serve(image_bytes=tf.constant([person.image for person in portraits]))

    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(network.get_weights(), untrained, strict=True))
    with np.load(tmp_path / "predictions.npz") as expected:
        np.testing.assert_allclose(predictions["age"], expected["age"], atol=1e-3)
        np.testing.assert_allclose(predictions["gender_probability"], expected["gender_probability"], atol=1e-5)
