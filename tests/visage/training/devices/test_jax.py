"""Networks train on the JAX back end without TensorFlow, and predict the same on TensorFlow afterwards."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config.loader import load_config
from tests.helpers.drawn_crops import people, write_split
from tests.helpers.project import PROJECT
from tests.helpers.trained_model import ALIGNMENT
from visage.data.records import FaceRecord
from visage.saved_model.export import export
from visage.training.augmentation.mixup import mix
from visage.training.batches import evaluation_batches, open_split
from visage.training.distillation.predictions import TeacherPredictions
from visage.training.settings import TrainerSettings


def train_on_jax(folder: Path, settings: TrainerSettings, records: list[FaceRecord]) -> dict[str, np.ndarray]:
    """Trains on the records, which all have an age, as one batch with a teacher, mixed if the recipe mixes.

    Returns:
        What `on_jax` writes, and the pixels of the batch as `pixels`.
    """
    keys = np.array([record.key.encode() for record in records])
    lows = np.array([record.age_label.low for record in records if record.age_label is not None])
    near = np.exp(-(((np.arange(101) - lows[:, None]) / 5) ** 2)).astype(np.float32)
    ages = near / near.sum(axis=1, keepdims=True)
    teacher = TeacherPredictions(keys, {"age": ages, "gender": np.full(len(records), 0.5, np.float32)})
    split = replace(open_split("train", [str(write_split(folder, "train", records))]), teacher=teacher)
    ((pixels, labels),) = evaluation_batches(split, settings.spec, settings)
    if settings.augmentation.mixup:
        pixels, labels = mix(pixels, labels, tf.constant([1, 2], tf.int64), settings.augmentation.mixup)
    np.savez(folder / "batch.npz", pixels=pixels, **labels)
    (folder / "recipe.json").write_text(settings.model_dump_json())
    command = [sys.executable, "-m", "tests.visage.training.devices.on_jax", str(folder)]
    trained = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr
    with np.load(folder / "trained.npz") as written:
        return {"pixels": pixels.numpy(), **written}


def test_weights_trained_on_jax_predict_the_same_in_the_tensorflow_export(tmp_path: Path) -> None:
    settings = TrainerSettings(network="compact", epochs=2, batch_size=8, learning_rate=1e-3, weight_decay=0.02)
    portraits = people(8, seed=1)
    on_jax = train_on_jax(tmp_path, settings, portraits)

    network = settings.spec.build()
    untrained = network.get_weights()
    network.load_weights(tmp_path / "trained.weights.h5")
    export(network, settings.spec, ALIGNMENT, str(tmp_path / "model"))
    serve = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    predictions = serve(image_bytes=tf.constant([person.image for person in portraits]))

    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(network.get_weights(), untrained, strict=True))
    np.testing.assert_allclose(predictions["age"], on_jax["age"], atol=1e-3)
    np.testing.assert_allclose(predictions["gender_probability"], on_jax["gender_probability"], atol=1e-5)


@pytest.mark.slow
def test_the_gpu_preset_trains_both_trunks_on_jax(tmp_path: Path) -> None:
    few = ["batch_size=4", "epochs=4", "fine_tuning.epochs=6", "warmup_steps=1", "weights=null"]
    overrides = ["preset=finetune_gpu", *(f"trainer.{key}" for key in few)]
    settings = load_config(PROJECT / "recipes" / "visage_duo.yaml", overrides).trainer
    assert (settings.precision, settings.jit_compile) == ("mixed_bfloat16", True)
    assert settings.augmentation.mixup > 0
    on_jax = train_on_jax(tmp_path, settings, people(4, seed=1))

    for phase in ("head", "whole"):
        losses = on_jax[f"losses_{phase}"]
        assert np.isfinite(losses).all()
        # Dropout makes the loss of a single step noisy.
        first, second = np.split(losses, 2)
        assert second.mean() < 0.97 * first.mean()
    network = settings.spec.build()
    network.load_weights(tmp_path / "trained.weights.h5")
    on_tensorflow = network(on_jax["pixels"], training=False)
    assert {"age", "gender", "age_of_faceres"} < set(on_tensorflow)
    for output, values in on_tensorflow.items():
        np.testing.assert_allclose(values, on_jax[f"raw_{output}"], atol=1e-4)
