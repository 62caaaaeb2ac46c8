"""The size in a JPEG's header, against Pillow."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from serving.core.image_limits import jpeg_size, pixels_of

pytestmark = pytest.mark.one_stack


def jpeg(width: int, height: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "JPEG", **options)
    return file.getvalue()


@given(st.integers(1, 400), st.integers(1, 400), st.booleans())
def test_it_is_the_size_that_the_encoder_wrote(width: int, height: int, progressive: bool) -> None:
    assert jpeg_size(jpeg(width, height, progressive=progressive)) == (width, height)


def test_comments_and_thumbnails_before_the_frame_are_skipped() -> None:
    assert jpeg_size(jpeg(30, 20, comment=b"\xff\xc0" * 500, exif=b"Exif\0\0" + b"\xff\xc0" * 99)) == (30, 20)


@given(st.binary(max_size=200))
def test_other_bytes_have_no_size_and_do_no_harm(content: bytes) -> None:
    assert jpeg_size(content) is None
    size = jpeg_size(b"\xff\xd8\xff" + content)
    assert size is None or min(size) >= 0


def test_values_that_are_no_jpeg_have_no_pixels() -> None:
    assert pixels_of([jpeg(30, 20), b"text", 3]) == [600, 0, 0]
