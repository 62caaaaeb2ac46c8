"""Every kind of violation of the curated schema stops the run with the feature and its values."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList as Statistics

from components.example_validator.settings import ValidationSettings
from tests.components.example_validator.validating import validate
from tests.components.face_example_gen.validation import FULL, SCHEMA, statistics
from visage.data.records import to_example
from visage.data_validation.report import read_report
from visage.errors import VisageError

FACE = to_example(dataclasses.replace(FULL, face_score=float("-inf")))


def tampered(tamper: Callable[[Any], object]) -> bytes:
    example = tf.train.Example.FromString(FACE)
    tamper(example.features.feature)
    return example.SerializeToString()


def floats(name: str, *values: float) -> Callable[[Any], object]:
    return lambda features: features[name].CopyFrom(tf.train.Feature(float_list=tf.train.FloatList(value=values)))


def integers(name: str, *values: int) -> Callable[[Any], object]:
    return lambda features: features[name].CopyFrom(tf.train.Feature(int64_list=tf.train.Int64List(value=values)))


def text(name: str, *values: str) -> Callable[[Any], object]:
    raw = [value.encode() for value in values]
    return lambda features: features[name].CopyFrom(tf.train.Feature(bytes_list=tf.train.BytesList(value=raw)))


def missing(name: str) -> Callable[[Any], object]:
    return lambda features: features.pop(name)


def test_a_valid_face_passes(tmp_path: Path) -> None:
    validate(tmp_path, {"train": statistics([FACE, FACE])}, schema=SCHEMA)


@pytest.mark.parametrize(
    "last",
    [
        {"face_size": None, "blur": None, "light": None, "roll": None},
        {"face_size": 900.0, "blur": 0.5, "light": 3.0, "roll": 170.0},
    ],
)
def test_faces_of_another_quality_are_no_drift(tmp_path: Path, last: dict[str, Any]) -> None:
    before = statistics([to_example(dataclasses.replace(FULL, **last))] * 2)
    settings = ValidationSettings(min_examples=1)
    validate(tmp_path, {"train": statistics([FACE, FACE])}, {"train": before}, schema=SCHEMA, settings=settings)
    assert read_report(tmp_path / "anomalies").drift == ["train"]


@pytest.mark.parametrize(
    ("tamper", "reported"),
    [
        (floats("age", 1996), "age: Unexpectedly high value: 1996>120"),
        (floats("age", -74), "age: Unexpectedly low values: -74<-1"),
        (floats("age", float("nan")), "age: Float feature has NaN values"),
        (floats("age", float("inf")), "age: Unexpectedly high value: inf>120"),
        (floats("age", 30, 31), "age: some examples have no value, or several"),
        (floats("age_known", 2), "age_known: Unexpectedly high value: 2>1"),
        (integers("age_group", 8), "age_group: Unexpectedly large value: 8"),
        (integers("gender_label", 2), "gender_label: Unexpectedly large value: 2"),
        (floats("gender_known", -1), "gender_known: Unexpectedly low values: -1<0"),
        (text("gender", "femail"), "gender: Examples contain values missing from the schema: femail (~50%)"),
        (text("race", "martian"), "race: Examples contain values missing from the schema: martian (~50%)"),
        (text("source", "lfw"), "source: Examples contain values missing from the schema: lfw (~50%)"),
        (integers("fold", -1), "fold: Unexpectedly small value: -1"),
        (floats("face_score", float("nan")), "face_score: Float feature has NaN values"),
        (floats("second_face_score", float("nan")), "second_face_score: Float feature has NaN values"),
        (floats("apparent_age_mean", 121), "apparent_age_mean: Unexpectedly high value: 121>120"),
        (floats("apparent_age_std", -1), "apparent_age_std: Unexpectedly low values: -1<0"),
        (floats("blur", -1), "blur: Unexpectedly low values: -1<0"),
        (floats("light", 256), "light: Unexpectedly high value: 256>255"),
        (floats("roll", -181), "roll: Unexpectedly low values: -181<-180"),
        (text("picture_digest", "0123"), "picture_digest: 1 values do not match [0-9a-f]{32}, e.g. '0123'"),
        (
            text("picture_digest", "G" * 32),
            "picture_digest: 1 values do not match [0-9a-f]{32}, e.g. 'GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG'",
        ),
        (integers("surplus", 1), "surplus: New column (column in data but not in schema)"),
        *(
            (
                missing(name),
                f"{name}: The feature was present in fewer examples than expected: "
                "minimum fraction = 1.000000, actual = 0.500000",
            )
            for name in ("image", "key", "age", "gender", "identity", "source", "race", "picture_digest")
        ),
    ],
)
def test_one_wrong_value_stops_the_run(tamper: Callable[[Any], object], reported: str, tmp_path: Path) -> None:
    with pytest.raises(VisageError) as error:
        validate(tmp_path, {"train": statistics([FACE, tampered(tamper)])}, schema=SCHEMA)
    assert f": {reported}" in str(error.value)
    assert "(in train). Correct the data or the cleaning rules" in str(error.value)
    assert str(error.value).count("; ") == 1


def test_another_type_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="age: Expected data of type: FLOAT but got STRING"):
        validate(tmp_path, {"train": statistics([tampered(text("age", "thirty"))])}, schema=SCHEMA)


def test_a_split_without_a_single_example_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"all examples: there are none \(in val\)"):
        validate(tmp_path, {"train": statistics([FACE]), "val": Statistics(datasets=[{}])}, schema=SCHEMA)
