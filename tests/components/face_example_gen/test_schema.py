"""The curated schema fits the output of FaceExampleGen, and no other data."""

import dataclasses
from typing import Any

import pytest
import tensorflow as tf

from tests.components.face_example_gen.validation import FULL, SCHEMA, anomalies
from visage.data.age_labels import AgeInterval
from visage.data.datasets import published_sources
from visage.data.labels import AGE_GROUPS, GENDERS, RACES, UNKNOWN
from visage.data.records import FaceRecord, to_example

QUALITY = ("face_size", "blur", "light", "roll")
OPTIONAL: dict[str, Any] = dict.fromkeys(
    ("face_score", "second_face_score", "fold", "apparent_age_mean", "apparent_age_std", *QUALITY)
)


def names(record: FaceRecord) -> set[str]:
    return set(tf.train.Example.FromString(to_example(record)).features.feature)


def test_it_names_every_feature_that_is_written_and_no_other() -> None:
    assert {feature.name for feature in SCHEMA.feature} == names(FULL)


def test_a_feature_that_is_always_written_is_required() -> None:
    least = dataclasses.replace(FULL, **OPTIONAL)
    assert {feature.name for feature in SCHEMA.feature if feature.presence.min_fraction == 1} == names(least)


def test_the_values_of_the_code_are_the_values_of_the_schema() -> None:
    domains = {domain.name: set(domain.value) for domain in SCHEMA.string_domain}
    assert domains["gender"] == {*GENDERS, UNKNOWN}
    assert domains["race"] == {*RACES, UNKNOWN}
    assert domains["source"] == set(published_sources())
    (group,) = (feature for feature in SCHEMA.feature if feature.name == "age_group")
    assert (group.int_domain.min, group.int_domain.max) == (-1, len(AGE_GROUPS) - 1)


def test_records_with_all_and_with_no_labels_match_the_schema() -> None:
    nothing_known = dataclasses.replace(
        FULL,
        key="adience/faces/1/2/3.jpg",
        age_label=None,
        gender=UNKNOWN,
        race=UNKNOWN,
        source="adience",
        **OPTIONAL,
    )
    oldest = dataclasses.replace(
        FULL, key="utkface/116.jpg", age_label=AgeInterval(60.0, 120.0), gender="female", source="utkface"
    )
    assert anomalies([to_example(record) for record in (FULL, nothing_known, oldest)]) == {}


@pytest.mark.parametrize(
    ("feature", "tampered"),
    [
        ("age age_high age_low", dataclasses.replace(FULL, age_label=AgeInterval.exact(1996.0))),
        ("age_high", dataclasses.replace(FULL, age_label=AgeInterval(60.0, 121.0))),
        ("age age_high age_low", dataclasses.replace(FULL, age_label=AgeInterval.exact(-74.0))),
        ("age age_high age_low", dataclasses.replace(FULL, age_label=AgeInterval.exact(float("nan")))),
        ("gender", dataclasses.replace(FULL, gender="femail")),
        ("source", dataclasses.replace(FULL, source="lfw")),
        ("race", dataclasses.replace(FULL, race="martian")),
        ("fold", dataclasses.replace(FULL, fold=100)),
        ("apparent_age_mean", dataclasses.replace(FULL, apparent_age_mean=121.0)),
        ("apparent_age_mean", dataclasses.replace(FULL, apparent_age_mean=float("nan"))),
        ("apparent_age_std", dataclasses.replace(FULL, apparent_age_std=-1.0)),
        ("face_size", dataclasses.replace(FULL, face_size=-1.0)),
        ("blur", dataclasses.replace(FULL, blur=1040401.0)),
        ("light", dataclasses.replace(FULL, light=255.5)),
        ("roll", dataclasses.replace(FULL, roll=float("nan"))),
    ],
)
def test_a_value_that_cannot_be_is_found(feature: str, tampered: FaceRecord) -> None:
    assert sorted(anomalies([to_example(FULL), to_example(tampered)])) == feature.split()


def test_a_feature_that_is_missing_once_is_found() -> None:
    example = tf.train.Example.FromString(to_example(FULL))
    del example.features.feature["identity"]
    assert list(anomalies([to_example(FULL), example.SerializeToString()])) == ["identity"]
