"""A SavedModel that reads the true labels from the record and errs by a known amount, with records for it."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from visage.data.age_labels import AgeInterval
from visage.data.labels import AGE_GROUPS, GENDERS
from visage.data.records import FaceRecord, to_example

FEATURES = {
    "key": tf.io.FixedLenFeature([], tf.string),
    "age": tf.io.FixedLenFeature([], tf.float32),
    "gender_label": tf.io.FixedLenFeature([], tf.int64),
}


def people(count: int, **what: Any) -> list[FaceRecord]:
    """Makes records of `count` people aged 20, 21, ..., women and men in turn, except for the fields in `what`."""
    return [_person(number, **what) for number in range(count)]


class ErringModel(tf.Module):
    """Predicts the record's age plus `age_error` years and, with certainty, `wrong_in_ten` of ten genders wrongly.

    Without `predicts_gender` it predicts the age alone.
    """

    def __init__(self, age_error: float, wrong_in_ten: int, predicts_gender: bool) -> None:
        super().__init__()
        self.age_error = age_error
        self.wrong_in_ten = wrong_in_ten
        self.predicts_gender = predicts_gender

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        record = tf.io.parse_example(examples, FEATURES)
        male = tf.cast(record["gender_label"], tf.float32)
        wrong = tf.strings.to_number(record["key"], tf.int64) % 10 < self.wrong_in_ten
        probability = tf.where(wrong, 0.95 - 0.9 * male, 0.1 + 0.8 * male)
        age = record["age"] + self.age_error
        ages = {
            "age": age,
            "age_probabilities": tf.one_hot(tf.cast(tf.round(age), tf.int32), 101),
            "age_group": tf.fill(tf.shape(age), AGE_GROUPS[0]),
        }
        genders = {"gender": tf.where(probability > 0.5, "male", "female"), "gender_probability": probability}
        return {**ages, **genders} if self.predicts_gender else ages


def save_model(model_uri: Path, *, age_error: float = 2.0, wrong_in_ten: int = 1, predicts_gender: bool = True) -> None:
    """Writes the model where TFX's Trainer would."""
    model = ErringModel(age_error, wrong_in_ten, predicts_gender)
    tf.saved_model.save(model, str(model_uri / "Format-Serving"), signatures={"evaluate": model.evaluate})


def write_examples(examples_uri: Path, records: list[FaceRecord], splits: tuple[str, ...] = ("test",)) -> None:
    """Writes every record into each split, in FaceExampleGen's layout."""
    for split in splits:
        folder = examples_uri / f"Split-{split}"
        folder.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(folder / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
            for record in records:
                writer.write(to_example(record))


def _person(number: int, **what: Any) -> FaceRecord:
    known = {"age": 20.0 + number % 60, "gender": GENDERS[number % 2], "source": "utkface", **what}
    age = known.pop("age")
    label = None if age is None else AgeInterval.exact(age)
    return FaceRecord(image=b"", key=str(number), age_label=label, identity=f"utkface/{number}", **known)
