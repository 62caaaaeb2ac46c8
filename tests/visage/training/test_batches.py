"""Written records are read as pixels and labels; unreadable files are an error of one line."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.awkward_names import NAMES, NEIGHBOURS
from tests.helpers.drawn_crops import people, write_split
from tests.visage.training.batches_digest import digest
from visage.errors import VisageError
from visage.faces.image_io import decode as decode_with_pillow
from visage.networks import NETWORKS
from visage.saved_model.preprocessing import decode, to_network_input
from visage.training import batches as trainer_input
from visage.training.batches import TrainingBatches, evaluation_batches, open_split
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.settings import TrainerSettings

COMPACT = NETWORKS["compact"]
UNCHANGED = AugmentationSettings(flip=False, shift=0, brightness=0, contrast=0)
STILL = TrainerSettings(network="compact", epochs=1, batch_size=4, learning_rate=0.1, augmentation=UNCHANGED)


def test_batches_hold_the_pixels_and_labels_that_were_written(tmp_path: Path) -> None:
    records = people(6, seed=1)
    split = open_split("val", [str(write_split(tmp_path, "val", records).parent / "*")])
    assert split.size == 6
    (pixels, labels), (rest, _) = evaluation_batches(split, COMPACT, STILL).as_numpy_iterator()
    assert pixels.shape == (4, 64, 64, 3)
    assert len(rest) == 2
    np.testing.assert_array_equal(pixels[0], decode_with_pillow(records[0].image))
    lows, highs = zip(*((label.low, label.high) for record in records[:4] if (label := record.age_label)), strict=True)
    assert [low == high for low, high in zip(lows, highs, strict=True)] == [True, True, True, False]
    assert {name: values.tolist() for name, values in labels.items()} == {
        "age_low": list(lows),
        "age_high": list(highs),
        "age_weight": [1, 1, 1, 1],
        "age_std": [STILL.label_sigma] * 4,
        "gender": [float(record.gender == "male") for record in records[:4]],
        "gender_weight": [1, 1, 1, 1],
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_split_is_read_from_its_own_folder_whatever_the_name(name: str, tmp_path: Path) -> None:
    own, *_ = [write_split(tmp_path / folder, "val", people(2, seed=1)) for folder in (name, *NEIGHBOURS)]
    assert open_split("val", [f"{own.parent}/*"]).files == [str(own)]
    assert open_split("val", [str(own)]).files == [str(own)]


def test_votes_give_a_record_its_own_sigma(tmp_path: Path) -> None:
    ada, bo, cy = people(3, seed=1)
    written = [ada, replace(bo, apparent_age_mean=bo.age, apparent_age_std=4.25), replace(cy, apparent_age_std=0.0)]
    split = open_split("val", [str(write_split(tmp_path, "val", written))])
    ((_, labels),) = evaluation_batches(split, COMPACT, STILL).as_numpy_iterator()
    assert list(labels["age_std"]) == [2.5, 4.25, 0.0]


@pytest.mark.parametrize("fits", [True, False])
def test_an_epoch_holds_every_record_once_and_the_next_in_another_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    monkeypatch.setattr(trainer_input, "_fits_into_memory", lambda split, spec: fits)
    records = people(10, seed=3)
    split = open_split("train", [str(write_split(tmp_path, "train", records))])
    batches = TrainingBatches(split, COMPACT, STILL)
    epochs = [np.concatenate([pixels for pixels, _ in batches.epoch(epoch).as_numpy_iterator()]) for epoch in range(2)]
    written = sorted(float(decode_with_pillow(record.image).mean()) for record in records)
    for epoch in epochs:
        np.testing.assert_allclose(sorted(epoch.mean(axis=(1, 2, 3))), written, atol=0.01)
    assert np.abs(epochs[0] - epochs[1]).max() > 10


@pytest.mark.parametrize("fits", [True, False])
def test_an_epoch_may_be_a_draw_of_some_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: bool) -> None:
    monkeypatch.setattr(trainer_input, "_fits_into_memory", lambda split, spec: fits)
    split = open_split("train", [str(write_split(tmp_path, "train", people(20, seed=3)))])
    batches = TrainingBatches(split, COMPACT, STILL.model_copy(update={"epoch_size": 6}))
    drawn = [[len(labels["age_low"]) for _, labels in batches.epoch(epoch).as_numpy_iterator()] for epoch in range(2)]
    assert drawn == [[4, 2]] * 2
    first, second = (np.concatenate([pixels for pixels, _ in batches.epoch(epoch)]) for epoch in range(2))
    assert np.abs(first - second).max() > 10
    assert [len(pixels) for pixels, _ in batches.epoch(1, first_step=1)] == [2]


def test_a_network_of_one_task_gets_the_labels_of_that_task(tmp_path: Path) -> None:
    split = open_split("val", [str(write_split(tmp_path, "val", people(2, seed=1)))])
    ((_, labels),) = evaluation_batches(split, replace(COMPACT, age_head=None), STILL)
    assert set(labels) == {"gender", "gender_weight"}


@pytest.mark.parametrize("fits", [True, False])
def test_an_epoch_resumes_at_a_step_as_if_it_had_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    monkeypatch.setattr(trainer_input, "_fits_into_memory", lambda split, spec: fits)
    settings = TrainerSettings(network="compact", epochs=3, batch_size=4, learning_rate=0.1)
    split = open_split("train", [str(write_split(tmp_path, "train", people(14, seed=3)))])
    before = TrainingBatches(split, COMPACT, settings)
    list(before.epoch(0).as_numpy_iterator())
    whole = list(before.epoch(1).as_numpy_iterator())
    # As in another process, which has read nothing yet.
    rest = list(TrainingBatches(split, COMPACT, settings).epoch(1, first_step=2).as_numpy_iterator())
    assert [len(pixels) for pixels, _ in rest] == [4, 2]
    for (pixels, labels), (expected, expected_labels) in zip(rest, whole[2:], strict=True):
        np.testing.assert_array_equal(pixels, expected)
        assert labels.keys() == expected_labels.keys()
        for name, values in labels.items():
            np.testing.assert_array_equal(values, expected_labels[name])


@pytest.mark.one_stack
def test_the_same_seed_makes_the_same_batches_in_another_process(tmp_path: Path) -> None:
    file = str(write_split(tmp_path, "train", people(30, seed=3)))
    command = [sys.executable, "-m", "tests.visage.training.batches_digest", file, "5"]
    elsewhere = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    assert digest(file, seed=5) == elsewhere
    assert digest(file, seed=6) != elsewhere


def test_a_grey_network_gets_one_channel_of_its_own_size() -> None:
    pixels = to_network_input(tf.fill([112, 112, 3], tf.constant(200, tf.uint8)), 64, 1)
    assert pixels.shape == (64, 64, 1)
    assert set(np.asarray(pixels).ravel()) == {200}


def test_decoding_equals_pillows(tmp_path: Path) -> None:
    for record in people(5, seed=5):
        np.testing.assert_array_equal(decode(record.image), decode_with_pillow(record.image))


def test_a_split_without_records_is_an_error_of_one_line(tmp_path: Path) -> None:
    write_split(tmp_path, "val", [])
    with pytest.raises(VisageError, match="the val split holds no records"):
        open_split("val", [f"{tmp_path}/Split-val/*"])
    with pytest.raises(VisageError, match=r"the train split: .*/Split-train/ does not exist; run FaceExampleGen again"):
        open_split("train", [f"{tmp_path}/Split-train/*"])


def test_a_truncated_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    file = write_split(tmp_path, "train", people(20, seed=1))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(VisageError, match="the train split cannot be read"):
        open_split("train", [str(file)])


def test_streaming_mixes_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One file a source, as FaceExampleGen writes them, and room to shuffle two records at a time.
    monkeypatch.setattr(trainer_input, "_fits_into_memory", lambda split, spec: False)
    monkeypatch.setattr(trainer_input, "_SHUFFLED_WHEN_STREAMED", 2)
    records = [[replace(person, gender=gender) for person in people(20, seed=1)] for gender in ("female", "male")]
    files = [str(write_split(tmp_path / str(number), "train", some)) for number, some in enumerate(records)]
    batches = TrainingBatches(open_split("train", files), COMPACT, STILL)
    for _, labels in batches.epoch(0).as_numpy_iterator():
        assert set(labels["gender"]) == {0.0, 1.0}
