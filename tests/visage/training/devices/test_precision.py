"""Training may use half precision; the exported model predicts in float32."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from tests.helpers.trained_model import ALIGNMENT
from visage.networks import cnn_utkface
from visage.saved_model.export import export
from visage.training.batches import open_split
from visage.training.settings import TrainerSettings
from visage.training.train import train

SETTINGS = TrainerSettings(
    network="cnn_utkface", epochs=1, batch_size=16, learning_rate=1e-3, precision="mixed_bfloat16"
)


@pytest.mark.parametrize("age_head", ["regression", "label_distribution", "coral"])
def test_heads_do_not_round_an_age_to_half_a_year(age_head: str) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = SETTINGS.model_copy(update={"age_head": age_head}).spec.build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert network.layers[2].compute_dtype == "bfloat16"
    assert {output.dtype for output in network.outputs} == {"float32"}


def test_a_network_trained_in_bfloat16_predicts_in_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = []
    build = cnn_utkface.build

    def spy(*how: Any) -> keras.Model:
        policies.append(keras.config.dtype_policy().name)
        return build(*how)

    monkeypatch.setattr(cnn_utkface, "build", spy)
    portraits = people(16, seed=1)
    split = open_split("train", [str(write_split(tmp_path, "train", portraits))])
    network = train(split, split, SETTINGS, str(tmp_path / "log"))
    export(network, SETTINGS.spec, ALIGNMENT, str(tmp_path / "model"))

    assert policies == ["mixed_bfloat16", "float32"]
    assert keras.config.dtype_policy().name == "float32"
    assert {weight.dtype for weight in network.get_weights()} == {np.dtype("float32")}
    predictions = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"](
        image_bytes=tf.constant([portraits[0].image])
    )
    assert predictions["age"].dtype == predictions["gender_probability"].dtype == tf.float32
    assert predictions["age_probabilities"].numpy().sum() == pytest.approx(1, abs=1e-6)
