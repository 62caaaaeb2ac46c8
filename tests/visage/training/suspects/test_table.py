"""The table of judged labels is kept in a file, and counted by source and by group."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from visage.saved_model.suspect_labels import read_suspect_labels, suspects_in_words, write_suspect_labels
from visage.training.settings import TrainerSettings
from visage.training.suspects.requirements import why_not_judged
from visage.training.suspects.table import DOWNWEIGHT, SuspectTable, load_table

COLUMNS: dict[str, Any] = {
    "key": ["utkface/1", "wiki/2", "utkface/3"],
    "source": ["utkface", "wiki", "utkface"],
    "race": ["asian", "unknown", "white"],
    "age": [30.0, None, 70.0],
    "age_group": [4, None, 7],
    "gender": ["female", "male", "unknown"],
    "fold": [0, 1, 2],
    "predicted_age": [31.0, 45.0, 20.0],
    "age_deviation": [0.2, np.nan, 6.0],
    "age_probability": [0.84, np.nan, 1e-9],
    "age_suspect": [False, False, True],
    "male_probability": [0.99, 0.98, 0.5],
    "gender_probability": [0.01, 0.98, np.nan],
    "gender_suspect": [True, False, False],
}


def table(action: Any = "downweight") -> SuspectTable:
    return SuspectTable.of(action, COLUMNS)


def test_a_saved_table_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "suspect_labels.parquet"
    table().save(path)
    again = load_table(path)
    assert again is not None
    assert again.action == "downweight"
    assert again.rows.equals(table().rows)
    path.write_bytes(path.read_bytes()[:100])
    assert load_table(path) is None
    assert load_table(tmp_path / "none") is None


def test_weights_are_those_of_the_action_and_of_that_label_alone() -> None:
    weights = table().weights()
    assert weights.keys.tolist() == [b"utkface/1", b"wiki/2", b"utkface/3"]
    assert weights.age.tolist() == [1.0, 1.0, DOWNWEIGHT]
    assert weights.gender.tolist() == [DOWNWEIGHT, 1.0, 1.0]
    assert table("drop").weights().age.tolist() == [1.0, 1.0, 0.0]
    assert table("report").weights().age.tolist() == [1.0, 1.0, 1.0]


def test_keys_are_those_of_any_file_name() -> None:
    weights = SuspectTable.of("drop", {**COLUMNS, "key": ["team/j\u00fcrgen.jpg", "wiki/2", "\u5f20.jpg"]}).weights()
    labels = {"age_weight": tf.constant(1.0), "gender_weight": tf.constant(1.0)}
    one, _, other = (weights.of(tf.constant(key), labels) for key in weights.keys)
    assert (float(one["age_weight"]), float(one["gender_weight"])) == (1.0, 0.0)
    assert (float(other["age_weight"]), float(other["gender_weight"])) == (0.0, 1.0)
    assert weights.keys[0].decode() == "team/j\u00fcrgen.jpg"


def test_every_record_is_counted_once_by_each_feature() -> None:
    summary = table("drop").summary()
    assert summary["records"] == 3
    assert summary["age"] == {"judged": 2, "suspect": 1}
    assert summary["gender"] == {"judged": 2, "suspect": 1}
    assert summary["by"]["source"] == {
        "utkface": {"records": 2, "age": 1, "gender": 1},
        "wiki": {"records": 1, "age": 0, "gender": 0},
    }
    for by_value in summary["by"].values():
        for name, total in (("records", 3), ("age", 1), ("gender", 1)):
            assert sum(counts[name] for counts in by_value.values()) == total


def test_a_judged_label_without_an_age_group_is_of_several() -> None:
    rows = {**COLUMNS, "age": [None, None, 70.0], "age_group": [None, None, 7]}
    counted = SuspectTable.of("drop", rows).summary()["by"]["age_group"]
    assert [counted[group]["records"] for group in ("several", "unknown", "60-100")] == [1, 1, 1]
    # Without an age head no age is judged; a group stays known.
    unjudged = {**COLUMNS, "age_deviation": [np.nan] * 3}
    counted = SuspectTable.of("drop", unjudged).summary()["by"]["age_group"]
    assert [counted[group]["records"] for group in ("25-32", "unknown", "60-100")] == [1, 1, 1]


def test_the_counts_travel_with_the_model_and_the_keys_of_people_do_not(tmp_path: Path) -> None:
    write_suspect_labels(tmp_path, table("drop").summary())
    summary = read_suspect_labels(tmp_path)
    assert summary is not None
    assert suspects_in_words(summary) == "1 of 2 ages, 1 of 2 genders of train look wrong: dropped"
    nothing = {**summary, "age": {"judged": 2, "suspect": 0}, "gender": {"judged": 0, "suspect": 0}}
    assert suspects_in_words(nothing) == "0 of 2 ages of train look wrong"
    assert "utkface/1" not in next(tmp_path.rglob("*.json")).read_text()
    next(tmp_path.rglob("*.json")).write_text("{")
    assert read_suspect_labels(tmp_path) is None


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"freeze": None}, "freeze: cleaning.suspect_labels trains heads on features of frozen layers, and here"),
        (
            {"network": "visage_duo", "freeze": ["dlib_"]},
            "freeze: cleaning.suspect_labels trains heads on features of frozen layers, and visage_duo would train its "
            "trunk faceres; add faceres_, or set cleaning.suspect_labels to keep",
        ),
        (
            {"network": "visage_duo", "freeze": "age_"},
            "freeze: cleaning.suspect_labels trains heads on features of frozen layers, and visage_duo would train its "
            "trunks dlib and faceres; add dlib_, faceres_, or",
        ),
        ({"weights": "blessed"}, "weights: blessed has learned from labels"),
        ({}, "augmentation: cleaning.suspect_labels needs features that are computed once, which brightness, contrast"),
    ],
)
def test_recipes_that_cannot_judge_say_why(what: dict[str, Any], why: str) -> None:
    settings = TrainerSettings(**{"network": "compact", "freeze": -2, "epochs": 1, "learning_rate": 0.1, **what})
    found = why_not_judged(settings)
    assert found is not None
    assert found.startswith(why)
    assert "\n" not in found


@pytest.mark.parametrize("freeze", [["dlib_", "faceres_"], ["dlib", "f"], ""])
def test_a_recipe_that_freezes_both_trunks_can_judge(freeze: Any) -> None:
    settings = TrainerSettings(
        network="visage_duo",
        freeze=freeze,
        epochs=1,
        learning_rate=0.1,
        augmentation={"shift": 0, "brightness": 0, "contrast": 0},
    )
    assert why_not_judged(settings) is None


def test_a_second_phase_may_augment_as_it_likes() -> None:
    settings = TrainerSettings(
        network="compact", freeze=-2, epochs=1, learning_rate=0.1, fine_tuning={"epochs": 1, "learning_rate": 0.1}
    )
    assert why_not_judged(settings) is None
