"""A slightly changed image has nearly the same hash; another face does not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.duplicates.perceptual_hash import HASH_BITS, perceptual_hash
from visage.faces.encode import encode
from visage.faces.grey import to_grey
from visage.faces.image_io import decode

FACE = drawn_photo([((50.0, 40.0), 36.0, 0.0)], 100, 100)


def hash_of(image: np.ndarray) -> np.ndarray:
    return perceptual_hash(to_grey(image))


def distance(left: np.ndarray, right: np.ndarray) -> int:
    bits = np.unpackbits((hash_of(left) ^ hash_of(right)).view(np.uint8))
    assert len(bits) == HASH_BITS
    return int(bits.sum())


def scaled(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((77, 77), Image.Resampling.BICUBIC))


def recompressed(image: np.ndarray) -> np.ndarray:
    return decode(encode(image, quality=40))


def darker(image: np.ndarray) -> np.ndarray:
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(image)).enhance(0.8))


def in_grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).convert("L").convert("RGB"))


@pytest.mark.parametrize("change", [scaled, recompressed, darker, in_grey])
def test_a_changed_copy_is_a_near_duplicate(photo: np.ndarray, change: object) -> None:
    assert callable(change)
    assert distance(photo, change(photo)) <= 7


@pytest.fixture
def photo() -> np.ndarray:
    """Draws an image with texture, like a photo: in flat areas, noise would decide the bits."""
    noise = np.random.default_rng(1).normal(0, 60, (12, 12, 3))
    texture = np.asarray(Image.fromarray(np.clip(noise + 128, 0, 255).astype(np.uint8)).resize((100, 100)))
    return (FACE * 0.5 + texture * 0.5).astype(np.uint8)


def test_another_image_is_none(photo: np.ndarray) -> None:
    assert distance(photo, photo[:, ::-1]) > 30
    assert distance(photo, np.ascontiguousarray(photo.transpose(1, 0, 2))) > 30


def test_the_hash_of_one_image_is_fixed() -> None:
    # Known values: another hash function would change which records are dropped from users' data.
    gradient = np.tile(np.linspace(0, 255, 90, dtype=np.uint8)[None, :, None], (90, 1, 3))
    assert [f"{word:016x}" for word in hash_of(gradient)] == ["ffffffffffffffff", "0000000000000000"]


def test_any_size_has_a_hash() -> None:
    tiny = Image.new("RGB", (1, 1), "red")
    stream = io.BytesIO()
    tiny.save(stream, "PNG")
    assert hash_of(decode(stream.getvalue())).tolist() == [0, 0]
