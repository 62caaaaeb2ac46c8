"""Builds a teacher that reads age and gender from a crop of `tests.helpers.drawn_crops`."""

import json
from pathlib import Path

import tensorflow as tf

from tests.helpers.drawn_crops import SIZE
from visage.faces.settings import AlignmentSettings
from visage.networks.heads import age_probabilities, predicted_group
from visage.saved_model.preprocessing import decode


class ReadingTeacher(tf.Module):
    """A model that predicts the ages 0 to 100 or the groups alone, and the gender if requested."""

    def __init__(self, groups: bool, predicts_gender: bool) -> None:
        super().__init__()
        self.groups = groups
        self.predicts_gender = predicts_gender

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        shape = tf.TensorSpec((SIZE, SIZE, 3), tf.uint8)
        crops = tf.cast(tf.map_fn(decode, image_bytes, fn_output_signature=shape), tf.float32)
        face, beard = (tf.reduce_mean(crops[:, rows, 22:42], (1, 2, 3)) for rows in (slice(24, 44), slice(48, 54)))
        ages = age_probabilities((face[:, None] - 40) / 2, "regression")
        predictions = {"age_probabilities": tf.one_hot(predicted_group(ages), 8) if self.groups else ages}
        if self.predicts_gender:
            predictions["gender_probability"] = tf.sigmoid(25 - beard)
        return predictions


def write_teacher(
    folder: Path,
    *,
    groups: bool = False,
    predicts_gender: bool = True,
    tta_flip: bool = True,
    flip_key: str = "tta_flip",
    alignment: AlignmentSettings | None = None,
) -> Path:
    """Writes a teacher as the Trainer does and returns the folder."""
    model = ReadingTeacher(groups, predicts_gender)
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serving_default})
    description = {
        flip_key: tta_flip,
        "alignment": (alignment or AlignmentSettings(size=SIZE)).model_dump(mode="json"),
    }
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "visage.json").write_text(json.dumps(description))
    return folder
