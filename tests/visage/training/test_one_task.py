"""A network of one task, or of age groups alone, trains, is exported and predicts nothing else."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from visage import progress
from visage.data.labels import AGE_GROUP_MIDDLES
from visage.faces.settings import AlignmentSettings
from visage.saved_model.export import export
from visage.training.batches import open_split
from visage.training.settings import TrainerSettings
from visage.training.train import train

AGE, GENDER = {"age", "age_group", "age_probabilities"}, {"gender", "gender_probability"}


@pytest.mark.parametrize(
    ("heads", "outputs", "width", "figures"),
    [
        ({"age_head": "none", "gender_head": "softmax"}, GENDER, None, r"validation: gender \d+\.\d %$"),
        ({"age_head": "age_groups"}, AGE | GENDER, 8, r"validation: group \d+\.\d %, gender \d+\.\d %$"),
        ({"age_head": "coral", "gender_head": "none"}, AGE, 101, r"validation: age MAE \d+\.\d\d years$"),
    ],
)
def test_an_exported_network_predicts_only_its_tasks(
    tmp_path: Path, heads: dict[str, str], outputs: set[str], width: int | None, figures: str
) -> None:
    records = people(8, seed=1)
    split = open_split("train", [str(write_split(tmp_path, "train", records))])
    settings = TrainerSettings.model_validate(
        {"network": "cnn_utkface", "epochs": 1, "batch_size": 8, "learning_rate": 1e-3, **heads}
    )
    notes: list[str] = []
    with progress.listening(lambda step, done, total, note: notes.append(note)):
        network = train(split, split, settings, str(tmp_path / "log"))
    assert re.search(figures, notes[-1])
    export(network, settings.spec, AlignmentSettings(size=64), str(tmp_path / "model"))

    model = tf.saved_model.load(str(tmp_path / "model"))
    predictions = model.signatures["serving_default"](image_bytes=tf.constant([record.image for record in records]))

    assert set(predictions) == outputs
    if width is not None:
        probabilities = predictions["age_probabilities"].numpy()
        assert probabilities.shape == (8, width)
        years = np.array(AGE_GROUP_MIDDLES) if width == 8 else np.arange(101)
        np.testing.assert_allclose(predictions["age"], probabilities @ years, rtol=1e-3)
