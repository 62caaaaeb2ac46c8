"""The pixels of images, read before a graph decodes them."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from serving.core.image_limits import pixels_of
from visage.saved_model.model_session import ModelSession

pytestmark = pytest.mark.one_stack


def jpeg(width: int, height: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "JPEG", **options)
    return file.getvalue()


@given(st.integers(1, 400), st.integers(1, 400), st.booleans())
def test_they_are_those_that_the_encoder_wrote(width: int, height: int, progressive: bool) -> None:
    assert pixels_of([jpeg(width, height, progressive=progressive)]) == [width * height]


def test_comments_and_thumbnails_before_the_frame_are_skipped() -> None:
    image = jpeg(30, 20, comment=b"\xff\xc0" * 500, exif=b"Exif\0\0" + b"\xff\xc0" * 99)
    assert pixels_of([image]) == [600]


def test_what_libjpeg_skips_before_the_frame_hides_no_size(saved_model: Path) -> None:
    image = jpeg(30, 20)
    odd = [
        image[:20] + between + image[20:]  # After the first segment.
        for between in (b"junk", b"\xff\x00", b"\xff\xff\xff", b"\xff\xd0", b"\xff\xe5\x00\x02" * 300)
    ]
    for one in odd:
        # TensorFlow's graph decodes it, too.
        ModelSession(saved_model).run({"image_bytes": np.array([one], object)})
        assert pixels_of([one]) == [600]


def test_a_header_without_end_counts_as_the_largest_image() -> None:
    assert pixels_of([b"\xff\xd8" + b"\xff\x01" * 10**6]) == [65_535**2]


@given(st.binary(max_size=200))
def test_other_bytes_have_no_pixels_and_do_no_harm(content: bytes) -> None:
    assert pixels_of([b"x" + content]) == [0]
    assert pixels_of([b"\xff\xd8\xff" + content])[0] >= 0


def test_values_that_are_no_image_have_no_pixels() -> None:
    assert pixels_of([jpeg(30, 20), b"text", 3]) == [600, 0, 0]
