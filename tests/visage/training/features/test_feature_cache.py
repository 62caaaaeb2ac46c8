"""A head trained on features that were computed once ends where the whole network would."""

import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.drawn_crops import people, write_split
from tests.visage.training.features import killed_on_features
from tests.visage.training.features.killed_on_features import SETTINGS, STILL
from visage import progress
from visage.errors import VisageError
from visage.training.batches import Split, TrainingBatches, open_split
from visage.training.checkpoint import Checkpoint
from visage.training.features.feature_cache import FeatureBatches, FrozenFeatures, keep_features
from visage.training.features.freezing import freeze, split_at_frozen
from visage.training.features.trainable import select_trainable
from visage.training.train import train

pytestmark = pytest.mark.one_stack

RECORDS = 10


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return open_split("train", [str(write_split(tmp_path_factory.mktemp("split"), "train", people(RECORDS, seed=1)))])


@pytest.fixture(scope="module")
def network() -> keras.Model:
    built = SETTINGS.spec.build()
    freeze(built, SETTINGS.freeze)
    return built


def counted(count: int) -> FrozenFeatures:
    """Returns features that identify their record, with the sign of the side."""
    number = np.arange(1, count + 1, dtype=np.float16)
    labels = {"gender": number.astype(np.float32)}
    return FrozenFeatures(np.stack([number, -number], axis=1)[:, :, None], labels)


def record_with(kept: FrozenFeatures, labels: dict[str, np.generic]) -> int:
    """Returns the number of the first record that has these labels."""
    return int(np.flatnonzero(np.all([kept.labels[name] == value for name, value in labels.items()], axis=0))[0])


def read(batches: tf.data.Dataset) -> np.ndarray:
    return np.concatenate([features[:, 0] for features, _ in batches.as_numpy_iterator()])


def test_features_are_those_of_the_images_and_of_their_mirror_images(
    split: Split, network: keras.Model, tmp_path: Path
) -> None:
    parts = split_at_frozen(network)
    assert parts is not None
    (pixels, labels), *_ = TrainingBatches(split, SETTINGS.spec, SETTINGS).epoch(0).as_numpy_iterator()

    kept = keep_features(parts[0], split, SETTINGS, tmp_path / "features", mirrored=True)

    of_the_first = [
        record_with(kept, {name: values[number] for name, values in labels.items()}) for number in range(len(pixels))
    ]
    assert kept.features.shape == (RECORDS, 2, 192)
    np.testing.assert_allclose(kept.features[of_the_first, 0], parts[0](pixels), atol=1e-2)
    np.testing.assert_allclose(kept.features[of_the_first, 1], parts[0](pixels[:, :, ::-1]), atol=1e-2)


def test_an_epoch_holds_every_record_once_by_one_of_its_sides_and_others_differ() -> None:
    batches = FeatureBatches(counted(40), SETTINGS)
    first, again, second = read(batches.epoch(0)), read(batches.epoch(0)), read(batches.epoch(1))
    assert sorted(abs(first)) == list(range(1, 41))
    assert 8 < (first < 0).sum() < 32
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


def test_features_stay_with_their_labels() -> None:
    for features, labels in FeatureBatches(counted(10), SETTINGS).epoch(0).as_numpy_iterator():
        np.testing.assert_array_equal(abs(features[:, 0]), labels["gender"])


def test_an_epoch_resumes_in_its_middle() -> None:
    batches = FeatureBatches(counted(10), SETTINGS)
    assert batches.steps == 3
    np.testing.assert_array_equal(read(batches.epoch(2, first_step=1)), read(batches.epoch(2))[4:])


def test_a_short_epoch_is_drawn_anew_each_time() -> None:
    batches = FeatureBatches(counted(40), SETTINGS.model_copy(update={"epoch_size": 8}))
    assert batches.steps == 2
    assert len(read(batches.epoch(0))) == 8
    assert set(abs(read(batches.epoch(0)))) != set(abs(read(batches.epoch(1))))


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"augmentation": STILL.model_copy(update={"flip": True})}, True),
        ({"augmentation": STILL.model_copy(update={"rotation": 5.0})}, False),
        ({"freeze": None}, False),
    ],
)
def test_features_are_kept_where_no_change_but_mirroring_needs_the_trunk(
    split: Split, changes: dict[str, object], kept: bool
) -> None:
    settings = SETTINGS.model_copy(update=changes)
    network = settings.spec.build()
    freeze(network, settings.freeze)
    with select_trainable(network, split, split, settings) as chosen:
        assert isinstance(chosen.training, FeatureBatches) == kept
        assert (chosen.network is network) != kept


def test_trained_on_features_only_the_head_of_the_whole_network_has_changed(split: Split, tmp_path: Path) -> None:
    keras.utils.set_random_seed(SETTINGS.seed)
    untrained = SETTINGS.spec.build()
    trained = train(split, split, SETTINGS, str(tmp_path / "log"))
    pairs = zip(untrained.weights, trained.weights, strict=True)
    changed = [one.path for one, other in pairs if not np.array_equal(one.numpy(), other.numpy())]
    assert changed == ["age/kernel", "age/bias", "gender/kernel", "gender/bias"]


def test_features_of_a_killed_training_are_not_computed_again(tmp_path: Path) -> None:
    write_split(tmp_path, "train", people(killed_on_features.RECORDS, seed=1))
    command = [sys.executable, "-m", "tests.visage.training.features.killed_on_features", str(tmp_path)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    split = killed_on_features.split(tmp_path)
    files = {file.name for file in tmp_path.rglob("features/*")}
    assert files == {"train", "train.labels.npz", "val", "val.labels.npz"}

    steps: list[str] = []
    with progress.listening(lambda step, *_: steps.append(step)):
        resumed = train(split, split, SETTINGS, None, checkpoint=Checkpoint(tmp_path / "checkpoint"))
    assert set(steps) == {"train"}
    uninterrupted = train(split, split, SETTINGS, None)
    for ours, expected in zip(resumed.get_weights(), uninterrupted.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_half_written_features_are_computed_again(split: Split, network: keras.Model, tmp_path: Path) -> None:
    parts = split_at_frozen(network)
    assert parts is not None
    whole = keep_features(parts[0], split, SETTINGS, tmp_path / "val", mirrored=False)
    expected = np.array(whole.features)
    for file, content in (("val", b"cut"), ("val.labels.npz", b"PK"), (".val.partial", b"cut")):
        (tmp_path / file).write_bytes(content)
        again = keep_features(parts[0], split, SETTINGS, tmp_path / "val", mirrored=False)
        np.testing.assert_array_equal(again.features, expected)
        np.testing.assert_array_equal(again.labels["age_low"], whole.labels["age_low"])


def test_a_full_disk_is_an_error_of_one_line(split: Split, network: keras.Model, tmp_path: Path) -> None:
    parts = split_at_frozen(network)
    assert parts is not None
    (tmp_path / ".val.partial").symlink_to("/dev/full")
    with pytest.raises(VisageError, match=r"/val: cannot be written: No space left .*; free space there, and run"):
        keep_features(parts[0], split, SETTINGS, tmp_path / "val", mirrored=False)
