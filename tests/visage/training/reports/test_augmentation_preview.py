"""The sheet shows the network's input: each crop as written, then augmented as in training."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.drawn_crops import people, write_split
from visage.faces.image_io import decode
from visage.training.batches import Split, open_split
from visage.training.recipe.augmentation_settings import AugmentationSettings
from visage.training.reports.augmentation_preview import CROPS, VERSIONS, draw_sheet
from visage.training.settings import TrainerSettings

SHOWN_TWICE_AS_LARGE = 128
STILL = AugmentationSettings(flip=False, shift=0, brightness=0, contrast=0)
RECORDS = people(2 * CROPS, seed=1)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """Writes twice as many crops of 64 pixels as the sheet shows."""
    return open_split("train", [str(write_split(tmp_path_factory.mktemp("examples"), "train", RECORDS))])


def shown(split: Split, augmentation: AugmentationSettings, network: str = "compact", seed: int = 1) -> np.ndarray:
    """Returns the images of a sheet: uint8 [CROPS, 1 + VERSIONS, 64, 64, 3]."""
    settings = TrainerSettings(network=network, epochs=1, learning_rate=0.1, augmentation=augmentation, seed=seed)
    sheet = np.asarray(Image.open(io.BytesIO(draw_sheet(split, settings))))
    # White gaps separate the images, in which no line is completely white.
    return np.stack([np.stack(_cut(row, axis=1)) for row in _cut(sheet, axis=0)])[:, :, ::2, ::2]


def _cut(sheet: np.ndarray, axis: int) -> list[np.ndarray]:
    """Returns the pieces of the size of an image between white lines."""
    white = (sheet == 255).all(axis=(1 - axis, 2))
    edges = np.flatnonzero(np.diff(white.astype(int)))
    pieces = np.split(sheet, edges + 1, axis=axis)
    return [piece for piece in pieces if piece.shape[axis] == SHOWN_TWICE_AS_LARGE]


def test_without_augmentation_every_column_is_the_crop_as_written(split: Split) -> None:
    images = shown(split, STILL)
    assert images.shape == (CROPS, 1 + VERSIONS, 64, 64, 3)
    for image, record in zip(images, RECORDS[::2], strict=True):
        for version in image:
            np.testing.assert_array_equal(version, decode(record.image))


def test_every_version_is_another_and_the_first_column_is_the_crop(split: Split) -> None:
    images = shown(split, AugmentationSettings(rotation=20))
    for image, record in zip(images, RECORDS[::2], strict=True):
        np.testing.assert_array_equal(image[0], decode(record.image))
        assert len({version.tobytes() for version in image}) == 1 + VERSIONS


def test_the_seed_decides(split: Split) -> None:
    first = shown(split, AugmentationSettings())
    np.testing.assert_array_equal(first, shown(split, AugmentationSettings()))
    assert (first != shown(split, AugmentationSettings(), seed=2)).any()


def test_the_sheet_of_a_grey_network_is_grey(split: Split) -> None:
    images = shown(split, AugmentationSettings(saturation=1), network="cnn_utkface")
    assert np.ptp(images, axis=-1).max() == 0


def test_all_crops_of_a_small_split_are_shown(tmp_path: Path) -> None:
    few = open_split("train", [str(write_split(tmp_path, "train", people(3, seed=1)))])
    assert len(shown(few, STILL)) == 3
