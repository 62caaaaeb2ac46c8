"""A record is written as the tf.train.Example that all nodes after FaceExampleGen read."""

import dataclasses
import math
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.data.age_labels import AgeInterval
from visage.data.labels import GENDERS, UNKNOWN
from visage.data.records import FaceRecord, from_example, to_example

ADA = FaceRecord(
    image=b"\xff\xd8\xff",
    key="imdb_wiki/wiki/12/ada.jpg#7",
    age_label=AgeInterval.exact(27.5),
    gender="female",
    identity="imdb_wiki/Ada Lovelace",
    source="wiki",
    face_score=3.5,
    image_digest="0123456789abcdef0123456789abcdef",
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
floats32 = st.floats(width=32, allow_nan=False)
ages = st.floats(0, 120, width=32)
records = st.builds(
    FaceRecord,
    image=st.binary(max_size=50),
    key=texts,
    age_label=st.none() | st.builds(AgeInterval, ages, ages),
    gender=st.sampled_from([*GENDERS, UNKNOWN]),
    identity=texts,
    source=st.sampled_from(["utkface", "adience", "imdb", "wiki"]),
    race=texts,
    face_score=st.none() | floats32,
    second_face_score=st.none() | floats32,
    fold=st.none() | st.integers(0, 4),
    apparent_age_mean=st.none() | floats32,
    apparent_age_std=st.none() | floats32,
    face_size=st.none() | floats32,
    blur=st.none() | floats32,
    light=st.none() | floats32,
    roll=st.none() | floats32,
    image_digest=texts,
)


@settings(deadline=None)
@given(record=records)
def test_a_written_record_is_read_back(record: FaceRecord) -> None:
    assert from_example(to_example(record)) == record


@settings(deadline=None)
@given(record=records)
def test_the_same_record_gives_the_same_bytes(record: FaceRecord) -> None:
    assert to_example(dataclasses.replace(record)) == to_example(record)


def test_every_feature_has_the_agreed_name_and_type() -> None:
    ada = dataclasses.replace(ADA, fold=2, second_face_score=1.5, apparent_age_mean=29.5, apparent_age_std=3.25)
    ada = dataclasses.replace(ada, face_size=40.5, blur=210.25, light=127.5, roll=-12.5)
    features = read_with_tensorflow(to_example(ada))
    assert features == {
        "image": [b"\xff\xd8\xff"],
        "key": [b"imdb_wiki/wiki/12/ada.jpg#7"],
        "age_low": [27.5],
        "age_high": [27.5],
        "age": [27.5],
        "age_known": [1.0],
        "age_group": [4],
        "gender": [b"female"],
        "gender_label": [0],
        "gender_known": [1.0],
        "identity": [b"imdb_wiki/Ada Lovelace"],
        "source": [b"wiki"],
        "race": [b"unknown"],
        "picture_digest": [b"0123456789abcdef0123456789abcdef"],
        "face_score": [3.5],
        "second_face_score": [1.5],
        "fold": [2],
        "apparent_age_mean": [29.5],
        "apparent_age_std": [3.25],
        "face_size": [40.5],
        "blur": [210.25],
        "light": [127.5],
        "roll": [-12.5],
    }


def test_unknown_is_a_value_of_its_own_and_never_0() -> None:
    nameless = dataclasses.replace(ADA, age_label=None, gender=UNKNOWN)
    features = read_with_tensorflow(to_example(nameless))
    assert [features[name] for name in ("age_low", "age_high", "age", "age_known", "age_group")] == [
        [-1.0], [-1.0], [-1.0], [0.0], [-1],
    ]  # fmt: skip
    assert (features["gender"], features["gender_label"], features["gender_known"]) == ([b"unknown"], [-1], [0.0])


def test_an_age_group_is_its_bounds_and_what_they_determine() -> None:
    groups = [AgeInterval(25.0, 32.0), AgeInterval(20.0, 29.0), AgeInterval(70.0, 120.0)]
    written = [to_example(dataclasses.replace(ADA, age_label=group)) for group in groups]
    assert [(record.age_label, record.age, record.age_group) for record in map(from_example, written)] == [
        (groups[0], None, 4), (groups[1], None, None), (groups[2], None, 7),
    ]  # fmt: skip
    features = read_with_tensorflow(written[0])
    assert (features["age_low"], features["age_high"], features["age_known"]) == ([25.0], [32.0], [0.0])


def test_an_example_of_an_earlier_version_is_refused_and_not_misread() -> None:
    import tensorflow as tf

    earlier = tf.train.Example.FromString(to_example(ADA))
    del earlier.features.feature["age_low"], earlier.features.feature["age_high"]
    with pytest.raises(IndexError):
        from_example(earlier.SerializeToString())


def test_a_man_is_1_and_a_newborn_is_known_to_be_0() -> None:
    newborn = dataclasses.replace(ADA, gender="male", age_label=AgeInterval.exact(0.0))
    features = read_with_tensorflow(to_example(newborn))
    assert (features["gender_label"], features["age"], features["age_known"]) == ([1], [0.0], [1.0])


def test_values_missing_in_a_source_are_left_out() -> None:
    features = read_with_tensorflow(to_example(dataclasses.replace(ADA, face_score=None)))
    optional = {"face_score", "second_face_score", "fold", "apparent_age_mean", "apparent_age_std"}
    optional |= {"face_size", "blur", "light", "roll"}
    assert optional & set(features) == set()
    assert len(features) == 14


def test_an_example_that_was_written_before_faces_were_measured_is_read() -> None:
    import tensorflow as tf

    example = tf.train.Example.FromString(
        to_example(dataclasses.replace(ADA, face_size=40.5, blur=210.25, light=127.5, roll=-12.5))
    )
    for name in ("face_size", "blur", "light", "roll"):
        del example.features.feature[name]
    assert from_example(example.SerializeToString()) == ADA


def test_tensorflows_bytes_for_the_same_example_are_read_too() -> None:
    import tensorflow as tf

    parsed = tf.train.Example.FromString(to_example(ADA))
    assert from_example(parsed.SerializeToString()) == ADA


def test_other_bytes_are_refused() -> None:
    with pytest.raises(DecodeError):
        from_example(b"\xff\xff\xff\xff")
    with pytest.raises(IndexError):
        from_example(b"")


def read_with_tensorflow(serialized: bytes) -> dict[str, list[Any]]:
    """Returns values by name, as TensorFlow's own class reads them."""
    import tensorflow as tf

    example = tf.train.Example.FromString(serialized)
    values = {
        name: list(getattr(feature, feature.WhichOneof("kind")).value)
        for name, feature in example.features.feature.items()
    }
    assert not any(math.isnan(value) for (value,) in values.values() if isinstance(value, float))
    return values
