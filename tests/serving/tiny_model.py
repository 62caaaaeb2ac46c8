"""A small real SavedModel with VisAge's three signatures, whose predictions follow from an image's colours."""

import json
from pathlib import Path

import tensorflow as tf

from visage.data.labels import AGE_GROUP_BOUNDARIES, AGE_GROUPS
from visage.faces.settings import AlignmentSettings

DEVIATION = 6.0
ALIGNMENT = AlignmentSettings(size=64, eye_distance=0.36)


class ColourModel(tf.Module):
    """The age is the mean brightness in per cent plus `older` years, give or take 6; red is male, blue is not."""

    def __init__(self, older: float) -> None:
        super().__init__()
        self.older = tf.Variable(older)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        colours = tf.map_fn(_mean_colour, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32))
        age = tf.clip_by_value(tf.reduce_mean(colours, 1) / 2.55 + self.older, 0.0, 100.0)
        years = tf.range(101, dtype=tf.float32)
        distances = (years - age[:, tf.newaxis]) / DEVIATION
        probability = tf.sigmoid((colours[:, 0] - colours[:, 2]) / 16)
        return {
            "age": age,
            "age_probabilities": tf.nn.softmax(-(distances**2) / 2),
            "age_group": tf.gather(tf.constant(AGE_GROUPS), tf.searchsorted(AGE_GROUP_BOUNDARIES, tf.round(age))),
            "gender": tf.where(probability > 0.5, "male", "female"),
            "gender_probability": probability,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="image_bytes"),
            tf.TensorSpec([None, 5, 2], tf.float32, name="landmarks"),
        ]
    )
    def align_and_predict(self, image_bytes: tf.Tensor, landmarks: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = self.serving_default(image_bytes)
        return {**outputs, "age": outputs["age"] + tf.reduce_sum(landmarks, [1, 2])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        images = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})["image"]
        return self.serving_default(images)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def echo(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"same_bytes": image_bytes}


def save_tiny_model(folder: Path, older: float = 0.0) -> Path:
    """Writes the model into `folder`, as Pusher leaves it; older by that many years for each colour."""
    model = ColourModel(older)
    names = ("serving_default", "align_and_predict", "evaluate", "echo")
    tf.saved_model.save(model, str(folder), signatures={name: getattr(model, name) for name in names})
    (folder / "assets.extra").mkdir()
    visage = {
        "network": "colour",
        "input_size": 64,
        "channels": 3,
        "alignment": ALIGNMENT.model_dump(),
        "parameters": 1,
    }
    (folder / "assets.extra" / "visage.json").write_text(json.dumps(visage))
    return folder


def _mean_colour(jpeg: tf.Tensor) -> tf.Tensor:
    pixels = tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.reduce_mean(tf.cast(pixels, tf.float32), [0, 1])
