"""A killed training resumes from its checkpoint and ends where it would have ended; no other training finds it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_crops import people, write_split
from tests.visage.training import killed
from visage import progress
from visage.errors import VisageError
from visage.training.batches import open_split
from visage.training.checkpoint import Checkpoint, TrainingState, remove_abandoned, training_key
from visage.training.train import train

STATE = TrainingState(epoch=2, step=3, history=[{"val_loss": 1.5}, {"val_loss": 1.0}], best_weights=[np.ones(3)])


def test_a_killed_training_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    write_split(tmp_path, "train", people(24, seed=1))
    command = [sys.executable, "-m", "tests.visage.training.killed", str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    split, checkpoint = killed.split(tmp_path), Checkpoint(tmp_path / "checkpoint")
    (file,) = tmp_path.rglob("checkpoint.npz")
    saved = Checkpoint(file.parent).load()
    assert saved is not None
    assert (saved[1].epoch, saved[1].step) == (1, 2)

    reports: list[tuple[str, int, int | None, str]] = []
    with progress.listening(lambda *report: reports.append(report)):
        resumed = train(split, split, killed.SETTINGS, str(tmp_path / "retried"), checkpoint=checkpoint)
    uninterrupted = train(split, split, killed.SETTINGS, str(tmp_path / "log"))

    assert reports[0][:3] == ("train", 8, 18)
    assert reports[0][3].startswith("epoch 2 of 3, resumed from a checkpoint, validation: age MAE ")
    assert [done for _, done, _, _ in reports[1:]] == [9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 18]
    for ours, expected in zip(resumed.get_weights(), uninterrupted.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_the_saved_state_is_read_back(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "one")
    assert checkpoint.load() is None
    checkpoint.save({"network/0": np.zeros(2)}, TrainingState())
    checkpoint.save({"network/0": np.arange(4.0)}, STATE)
    saved = checkpoint.load()
    assert saved is not None
    state, training_state = saved
    np.testing.assert_array_equal(state["network/0"], np.arange(4.0))
    np.testing.assert_array_equal(training_state.best_weights, [np.ones(3)])
    assert (training_state.epoch, training_state.step, training_state.val_losses) == (2, 3, [1.5, 1.0])
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["checkpoint.npz"]
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_states_older_than_a_month_are_removed_and_newer_ones_stay(tmp_path: Path) -> None:
    old, begun_long_ago, new = (tmp_path / name for name in ("old", "begun_long_ago", "new"))
    for folder in (old, begun_long_ago, begun_long_ago / "fine_tuning", new):
        Checkpoint(folder / "start").save({}, STATE)
    for folder in (old, begun_long_ago):
        os.utime(folder / "start" / "checkpoint.npz", (0, 0))
    (tmp_path / "job.json").touch()
    remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"begun_long_ago", "new", "job.json"}


def test_a_damaged_checkpoint_is_ignored(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save({"network/0": np.arange(4.0)}, STATE)
    whole = (tmp_path / "checkpoint.npz").read_bytes()
    for damaged in (b"", whole[:-30], whole[:80] + b"????" + whole[84:]):
        (tmp_path / "checkpoint.npz").write_bytes(damaged)
        assert checkpoint.load() is None


def test_a_checkpoint_with_missing_or_garbled_content_is_ignored(tmp_path: Path) -> None:
    for arrays in (
        {"network/0": np.arange(4.0)},
        {"training_state": np.array("3")},
        {"training_state": np.array('{"epok": 1}')},
        {"training_state": np.array("{}"), "best/1": np.ones(3)},
    ):
        np.savez(tmp_path / "checkpoint.npz", **arrays)
        assert Checkpoint(tmp_path).load() is None


def test_a_checkpoint_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VisageError, match="file/one: the checkpoint cannot be written: Not a directory; "):
        Checkpoint(tmp_path / "file" / "one").save({}, STATE)


def test_other_settings_other_code_and_other_records_have_other_checkpoints(tmp_path: Path) -> None:
    files = [write_split(tmp_path / str(seed), "train", people(4, seed=seed)) for seed in (1, 2)]
    one, other = (open_split("train", [str(file)]) for file in files)
    elsewhere = write_split(tmp_path / "elsewhere", "train", [])
    elsewhere.write_bytes(files[0].read_bytes())
    key = training_key(killed.SETTINGS, "code", [one])
    assert key == training_key(killed.SETTINGS, "code", [open_split("train", [str(elsewhere)])])
    others = [
        training_key(killed.SETTINGS.model_copy(update={"seed": 2}), "code", [one]),
        training_key(killed.SETTINGS, "other code", [one]),
        training_key(killed.SETTINGS, "code", [other]),
    ]
    assert len({key, *others}) == 4


def test_a_training_from_other_weights_has_another_checkpoint(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.starting_from([np.zeros(3)]).save({}, STATE)
    assert checkpoint.starting_from([np.zeros(3)]).load() is not None
    assert checkpoint.starting_from([np.ones(3)]).load() is None
    checkpoint.remove()
    assert checkpoint.starting_from([np.zeros(3)]).load() is None
