"""The graph decodes and refuses what Pillow does, a JPEG without its end mark included."""

import io
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from visage.faces.image_io import DecodeError
from visage.faces.image_io import decode as decode_with_pillow
from visage.saved_model.preprocessing import decode

JPEGS: list[dict[str, Any]] = [
    {"quality": 92},
    {"quality": 20, "restart_marker_blocks": 1},
    {"quality": 90, "restart_marker_rows": 1},
    {"progressive": True},
]


def jpeg_of(**options: Any) -> bytes:
    rows, columns = np.mgrid[0:100, 0:130]
    noise = np.random.default_rng(0).integers(0, 40, (100, 130, 1))
    pixels = np.stack([columns, rows * 2, rows + columns], -1) // 2 + noise
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("options", JPEGS)
def test_a_jpeg_without_its_end_mark_is_the_same_image(options: dict[str, Any]) -> None:
    jpeg = jpeg_of(**options)
    whole = decode_with_pillow(jpeg)
    in_graph = tf.function(decode, input_signature=[tf.TensorSpec([], tf.string)])
    for end in (b"", b"\xff", bytes(3000), b"\xff\xd9", b"\xff\xd9 and more"):
        image = jpeg[:-2] + end
        np.testing.assert_array_equal(in_graph(image), whole)
        np.testing.assert_array_equal(decode_with_pillow(image), whole)


@pytest.mark.parametrize("fill", [b"", bytes(3000)])
@pytest.mark.parametrize("options", JPEGS)
def test_a_jpeg_that_is_cut_off_is_refused(options: dict[str, Any], fill: bytes) -> None:
    jpeg = jpeg_of(**options)
    for lacking in (3, 10, 100, len(jpeg) // 3, len(jpeg) // 2):
        with pytest.raises(DecodeError):
            decode_with_pillow(jpeg[:-lacking] + fill)
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode(tf.constant(jpeg[:-lacking] + fill))
