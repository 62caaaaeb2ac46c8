"""Crops are kept as JPEG of a chosen quality."""

import numpy as np
import pytest

from tests.visage.faces.drawn_photo import drawn_photo
from visage.faces.encode import encode
from visage.faces.image_io import decode
from visage.faces.resize import resize


def test_decoded_pixels_are_nearly_the_encoded_ones() -> None:
    crop = drawn_photo([((56.0, 40.0), 40.0, 0.0)], 112, 112)
    back = decode(encode(crop, quality=95))
    assert back.shape == crop.shape
    assert np.abs(back.astype(int) - crop).mean() < 2


def test_a_lower_quality_is_a_smaller_file() -> None:
    crop = drawn_photo([((56.0, 40.0), 40.0, 0.0)], 112, 112)
    assert len(encode(crop, 60)) < len(encode(crop, 95))


def test_colour_keeps_the_full_resolution() -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (255, 0, 0), (0, 0, 255)
    assert np.abs(decode(encode(stripes, 95)).astype(int) - stripes).mean() < 15


@pytest.mark.parametrize("shape", [(64, 64), (200, 200), (80, 40)])
def test_images_that_are_crops_already_are_resized(shape: tuple[int, int]) -> None:
    crop = np.zeros((*shape, 3), np.uint8)
    crop[: shape[0] // 2] = 200
    resized = resize(crop, 64)
    assert resized.shape == (64, 64, 3)
    assert (resized[:28] == 200).all()
    assert (resized[36:] == 0).all()
