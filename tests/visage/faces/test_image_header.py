"""A header gives the size and the quality of an image, as Pillow has them; damaged ones give nothing."""

import io

import numpy as np
import pytest
from PIL import Image

from visage.faces.image_header import read_header

pytestmark = pytest.mark.one_stack

NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (70, 112, 3), np.uint8))


def encoded(format: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    NOISE.save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize("quality", [25, 50, 60, 75, 80, 85, 90, 92, 95, 98, 100])
@pytest.mark.parametrize("progressive", [False, True])
def test_size_and_quality_of_a_jpeg_are_those_it_was_written_with(quality: int, progressive: bool) -> None:
    header = read_header(encoded(quality=quality, progressive=progressive))
    assert header is not None
    assert (header.width, header.height) == (112, 70)
    assert header.jpeg_quality == pytest.approx(quality, abs=1)


def test_metadata_before_the_image_is_skipped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a thumbnail would be here " * 2000
    header = read_header(encoded(quality=80, exif=exif, icc_profile=bytes(100_000)))
    assert header is not None
    assert (header.width, header.height) == (112, 70)


def test_a_grey_jpeg_has_a_quality() -> None:
    file = io.BytesIO()
    NOISE.convert("L").save(file, "JPEG", quality=90)
    header = read_header(file.getvalue())
    assert header is not None
    assert header.jpeg_quality == pytest.approx(90, abs=1)


def test_a_png_has_a_size_and_no_quality() -> None:
    header = read_header(encoded("PNG"))
    assert header is not None
    assert (header.width, header.height, header.jpeg_quality) == (112, 70, None)


@pytest.mark.parametrize("format", ["GIF", "BMP", "WEBP"])
def test_other_formats_give_nothing(format: str) -> None:
    assert read_header(encoded(format)) is None


def test_no_damage_raises() -> None:
    whole = encoded(quality=75)
    rng = np.random.default_rng(3)
    for length in range(0, 700, 3):
        read_header(whole[:length])
    for _ in range(2000):
        damaged = bytearray(whole)
        for place in rng.integers(0, 640, 3):
            damaged[place] = rng.integers(0, 256)
        read_header(bytes(damaged))
    assert read_header(b"") is None
    assert read_header(b"\xff\xd8" + b"\xff" * 900) is None
