"""Wrong labels among drawn faces are found; what becomes of them concerns the training split alone."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people
from tests.visage.training.suspects import killed_before_export, killed_while_judging
from tests.visage.training.suspects.drawn_labels import (
    COUNT,
    WRONG_AGES,
    WRONG_GENDERS,
    network_of,
    recipe,
    splits_of,
    wrongly_labelled,
)
from visage import progress
from visage.data.settings import SuspectLabels
from visage.errors import VisageError
from visage.saved_model.suspect_labels import read_suspect_labels
from visage.training.batches import Split, TrainingBatches
from visage.training.checkpoint import Checkpoint
from visage.training.features.feature_cache import FeatureBatches
from visage.training.features.trainable import select_trainable
from visage.training.settings import TrainerSettings
from visage.training.suspects.judge import judge_labels
from visage.training.suspects.table import DOWNWEIGHT, TABLE_FILE, SuspectTable, load_table
from visage.training.train import train

pytestmark = pytest.mark.one_stack

Splits = tuple[Split, Split]


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    """Both splits have wrong labels."""
    return splits_of(tmp_path_factory.mktemp("splits"), wrongly_labelled(), wrongly_labelled(60, seed=2))


def judge(splits: Splits, settings: TrainerSettings, action: SuspectLabels = "drop") -> SuspectTable:
    return judge_labels(network_of(settings), *splits, settings, action, tf.distribute.get_strategy(), None)


@pytest.fixture(scope="module")
def judged(splits: Splits) -> SuspectTable:
    return judge(splits, recipe())


def found(table: SuspectTable, label: str) -> set[int]:
    rows = table.rows.filter(table.rows[f"{label}_suspect"])
    return {int(key) for key in rows["key"].to_pylist()}


def with_action(table: SuspectTable, action: SuspectLabels) -> SuspectTable:
    return SuspectTable.of(action, {name: table.rows[name].to_pylist() for name in table.rows.schema.names})


@pytest.mark.parametrize(("label", "wrong"), [("age", WRONG_AGES), ("gender", WRONG_GENDERS)])
def test_planted_labels_are_found_and_the_others_stay(judged: SuspectTable, label: str, wrong: range) -> None:
    suspects = found(judged, label)
    right_finds = suspects & set(wrong)
    assert len(right_finds) >= 0.8 * len(wrong)
    assert len(right_finds) >= 0.8 * len(suspects)
    assert len(suspects) < 0.08 * COUNT


def test_the_table_has_the_training_records_and_no_other(judged: SuspectTable) -> None:
    assert judged.rows["key"].to_pylist() == [str(number) for number in range(COUNT)]
    row = judged.rows.to_pylist()[3]
    # Only the group of its age is known.
    assert row["age"] is None
    assert row["age_group"] is not None
    assert row["age_weight"] == row["gender_weight"] == 1.0
    assert judged.rows.to_pylist()[4]["gender_probability"] is None


def labels_of_training(splits: Splits, settings: TrainerSettings) -> dict[str, np.ndarray]:
    """Returns the labels of the training records that a head learns from, in the order of the split."""
    with select_trainable(network_of(settings), *splits, settings) as trainable:
        assert isinstance(trainable.training, FeatureBatches)
        return trainable.training.kept.labels


@pytest.mark.parametrize(("action", "weight"), [("report", 1.0), ("downweight", DOWNWEIGHT), ("drop", 0.0)])
def test_an_action_changes_the_weights_of_suspects_and_nothing_else(
    splits: Splits, judged: SuspectTable, action: SuspectLabels, weight: float
) -> None:
    settings = recipe(epochs=1)
    weighted = replace(splits[0], weights=with_action(judged, action).weights())
    before = labels_of_training(splits, settings)
    after = labels_of_training((weighted, splits[1]), settings)
    for name, values in before.items():
        label = {"age_weight": "age", "gender_weight": "gender"}.get(name)
        suspect = np.array([number in found(judged, label) for number in range(COUNT)]) if label else False
        np.testing.assert_array_equal(after[name], values * np.where(suspect, weight, 1.0) if label else values)


@pytest.mark.parametrize("fits_into_memory", [True, False])
def test_images_are_weighed_as_features_are(
    splits: Splits, judged: SuspectTable, fits_into_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visage.training.batches._fits_into_memory", lambda *_: fits_into_memory)
    settings = recipe(epochs=1, freeze=None)
    weighted = replace(splits[0], weights=judged.weights())
    kept, weighed = (TrainingBatches(split, settings.spec, settings) for split in (splits[0], weighted))
    # Streamed images are decoded again in every epoch.
    for epoch in (0, 1):
        (one, other) = (
            {
                name: np.concatenate([labels[name] for _, labels in batches.epoch(epoch).as_numpy_iterator()])
                for name in ("age_low", "age_weight", "gender_weight")
            }
            for batches in (kept, weighed)
        )
        np.testing.assert_array_equal(one["age_low"], other["age_low"])
        assert (one["age_weight"] != other["age_weight"]).sum() == len(found(judged, "age"))
        assert (one["gender_weight"] != other["gender_weight"]).sum() == len(found(judged, "gender"))


def test_wrong_labels_of_val_are_neither_judged_nor_weighed(splits: Splits, judged: SuspectTable) -> None:
    settings = recipe(epochs=1)

    def of_val(train_split: Split) -> list[Any]:
        with select_trainable(network_of(settings), train_split, splits[1], settings) as trainable:
            return list(trainable.validation.as_numpy_iterator())

    weighted = replace(splits[0], weights=judged.weights())
    for (pixels, labels), (same_pixels, same_labels) in zip(of_val(splits[0]), of_val(weighted), strict=True):
        np.testing.assert_array_equal(pixels, same_pixels)
        for name, values in labels.items():
            np.testing.assert_array_equal(values, same_labels[name])
    assert len(judged.rows) == splits[0].size


def test_to_report_trains_the_same_model_as_to_keep_and_to_drop_another(
    splits: Splits, judged: SuspectTable, tmp_path: Path
) -> None:
    settings = recipe(epochs=5)

    def trained(action: SuspectLabels) -> list[np.ndarray]:
        # As a training leaves it that was killed after its labels were judged.
        checkpoint = Checkpoint(tmp_path / action)
        if action != "keep":
            start = checkpoint.starting_from(network_of(settings).get_weights())
            with_action(judged, action).save(start.suspect_labels_file)
        tables: list[SuspectTable] = []
        model = train(*splits, settings, None, checkpoint=checkpoint, suspect_labels=action, on_judged=tables.append)
        assert [table.action for table in tables] == ([] if action == "keep" else [action])
        weights: list[np.ndarray] = model.get_weights()
        return weights

    kept, reported, dropped = trained("keep"), trained("report"), trained("drop")
    for ours, expected in zip(reported, kept, strict=True):
        np.testing.assert_array_equal(ours, expected)
    assert any((ours != expected).any() for ours, expected in zip(dropped, kept, strict=True))


def test_a_killed_judgement_resumes_and_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    splits_of(tmp_path, wrongly_labelled(160), people(24, seed=2))
    command = [sys.executable, "-m", "tests.visage.training.suspects.killed_while_judging", str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL

    reports: list[tuple[str, int]] = []
    with progress.listening(lambda step, done, *_: reports.append((step, done))):
        resumed = killed_while_judging.judge(tmp_path, Checkpoint(tmp_path / "checkpoint"))
    steps = [(step, done) for step, done in reports if step.startswith("judge labels")]
    assert steps[0] == ("judge labels, 3 of 5", 8)
    assert {step for step, _ in reports if "frozen" in step} == set()
    assert resumed.rows.equals(killed_while_judging.judge(tmp_path, None).rows)

    reports.clear()
    with progress.listening(lambda step, done, *_: reports.append((step, done))):
        again = killed_while_judging.judge(tmp_path, Checkpoint(tmp_path / "checkpoint"))
    assert reports == []
    assert again.rows.equals(resumed.rows)


def test_a_training_killed_between_table_and_model_resumes_and_writes_both(tmp_path: Path) -> None:
    splits_of(tmp_path, wrongly_labelled(160), people(24, seed=2))
    command = [sys.executable, "-m", "tests.visage.training.suspects.killed_before_export", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    model = tmp_path / killed_before_export.MODEL
    file = model.with_name(TABLE_FILE)
    first = load_table(file)
    assert first is not None
    assert not model.exists()

    # A table that the killed attempt left damaged is written again.
    file.write_bytes(b"PAR1")
    steps: list[str] = []
    with progress.listening(lambda step, *_: steps.append(step)):
        killed_before_export.train(tmp_path)
    assert [step for step in steps if step.startswith(("judge labels", "near duplicates", "frozen", "epoch"))] == []
    again = load_table(file)
    assert again is not None
    assert again.rows.equals(first.rows)
    assert read_suspect_labels(model) == again.summary()
    assert [*(tmp_path / "checkpoints").rglob("*.parquet")] == []


@pytest.mark.parametrize(
    ("heads", "label"),
    [
        ({"age_head": "age_groups", "gender_head": "none"}, "age"),
        ({"age_head": "none", "gender_head": "softmax"}, "gender"),
    ],
)
def test_networks_of_one_head_judge_what_they_learn(splits: Splits, heads: dict[str, Any], label: str) -> None:
    table = judge(splits, recipe(**heads))
    wrong = {"age": WRONG_AGES, "gender": WRONG_GENDERS}[label]
    other = {"age": "gender", "gender": "age"}[label]
    right_finds = found(table, label) & set(wrong)
    assert len(right_finds) >= 0.5 * len(wrong)
    # The features of a random trunk tell groups from their neighbours less well than ages.
    assert len(right_finds) >= 0.5 * len(found(table, label))
    assert found(table, other) == set()
    assert table.summary()[other] == {"judged": 0, "suspect": 0}


def test_too_few_people_are_an_error_of_one_line(tmp_path: Path) -> None:
    same = [replace(record, identity="unknown/one") for record in people(12, seed=1)]
    with pytest.raises(VisageError, match=r"^cleaning\.suspect_labels: the train split shows 1 people"):
        judge(splits_of(tmp_path, same, people(4, seed=2)), recipe(epochs=1))


def test_a_network_whose_pixels_reach_its_head_is_refused_before_records_are_read(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(split: Split) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr("visage.training.suspects.judge._read", read)
    with pytest.raises(VisageError, match=r"^trainer\.freeze: cleaning\.suspect_labels needs features that are"):
        judge(splits, recipe(epochs=1, freeze="age"))


def test_a_network_without_frozen_features_is_an_error_of_one_line(splits: Splits) -> None:
    with pytest.raises(VisageError, match=r"^trainer\.freeze: cleaning\.suspect_labels trains heads on features"):
        judge(splits, recipe(epochs=1, freeze=None))
