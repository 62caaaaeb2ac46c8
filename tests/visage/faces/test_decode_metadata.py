"""Images that viewers show are decoded whatever their metadata; those with cut-off image data are refused."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from visage.faces.image_io import DecodeError, decode, decode_repairing
from visage.faces.jpeg_end import END, MIN_FILL, image_data

MIB = 2**20
XMP = b"XML:com.adobe.xmp\0\0\0\0\0"


def photo(height: int = 40, width: int = 60, seed: int = 0) -> Image.Image:
    """Returns smooth colours with some noise, as in a camera's image."""
    rows, columns = np.mgrid[0:height, 0:width]
    smooth = np.stack([columns * 3, rows * 5, rows + columns], -1)
    noise = np.random.default_rng(seed).integers(-20, 20, smooth.shape)
    return Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    right = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", right if checksum is None else checksum)


def png_with(*chunks: bytes, mode: str = "RGB", **options: Any) -> bytes:
    png = saved(photo().convert(mode), "PNG", **options)
    at = png.index(b"IDAT") - 4
    return png[:at] + b"".join(chunks) + png[at:]


@pytest.mark.parametrize(
    "odd",
    [
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(2 * MIB))),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(np.random.default_rng(0).bytes(2 * MIB))),
        chunk(b"iCCP", b"icc\0\0no zlib data"),
        chunk(b"zTXt", b"XML\0\0" + zlib.compress(b"a" * 2 * MIB)),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"a" * 2 * MIB)),
        chunk(b"tEXt", b"comment\0" + b"a" * 2 * MIB),
        chunk(b"iTXt", b"XML\0\1\0\0\0" + zlib.compress(b"a" * 2 * MIB)),
        chunk(b"iTXt", XMP + b'tiff:Orientation="3"', checksum=0),
        chunk(b"iTXt", XMP + b'tiff:Orientation="3"' + b"a" * 2 * MIB),
        chunk(b"tEXt", b"a\0b", checksum=0),
        chunk(b"eXIf", b"II*\0", checksum=0),
        chunk(b"eXIf", bytes(2 * MIB)),
        chunk(b"tRNS", b"\0\0\0\0\0\0", checksum=0),
        chunk(b"gAMA", b"no number"),
        chunk(b"pHYs", b""),
        chunk(b"acTL", b""),
    ],
)
def test_a_png_with_odd_metadata_is_decoded(odd: bytes) -> None:
    assert np.array_equal(decode(png_with(odd)), np.asarray(photo()))


def test_a_png_with_many_texts_is_decoded() -> None:
    texts = [chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK - 1)))] * 70
    assert np.array_equal(decode(png_with(*texts)), np.asarray(photo()))
    exif = [chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(MIB - 1)))] * 70
    assert np.array_equal(decode(png_with(*exif)), np.asarray(photo()))


@given(
    kind=st.sampled_from([b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"cHRM", b"pHYs", b"tIME", b"acTL", b"prVt"]),
    data=st.binary(max_size=200),
    checksum=st.none() | st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_no_ancillary_chunk_changes_a_pixel(kind: bytes, data: bytes, checksum: int | None) -> None:
    assert np.array_equal(decode(png_with(chunk(kind, data, checksum))), np.asarray(photo()))


def test_a_png_keeps_the_chunks_that_affect_its_display() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    assert np.array_equal(decode(saved(photo(), "PNG", exif=exif)), np.asarray(photo())[::-1, ::-1])
    as_text = b"\nexif\n%8d\n" % len(exif.tobytes()) + exif.tobytes().hex().encode()
    for kind, text in ((b"tEXt", as_text), (b"zTXt", b"\0" + zlib.compress(as_text))):
        older = png_with(chunk(kind, b"Raw profile type exif\0" + text))
        assert np.array_equal(decode(older), np.asarray(photo())[::-1, ::-1])
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'
    assert np.array_equal(decode(png_with(chunk(b"iTXt", XMP + xmp))), np.asarray(photo())[::-1, ::-1])
    transparent = Image.new("P", (8, 8), 0)
    transparent.putpalette([10, 10, 10, 200, 0, 0])
    assert (decode(saved(transparent, "PNG", transparency=0)) == 255).all()


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_a_png_that_is_cut_off_is_refused(fraction: float) -> None:
    png = png_with(chunk(b"tEXt", b"a\0b"))
    with pytest.raises(DecodeError):
        decode(png[: int(fraction * len(png))])


def test_a_png_of_very_many_pixels_is_refused_whatever_its_metadata() -> None:
    png = bytearray(png_with(chunk(b"zTXt", b"XML\0\0" + zlib.compress(b"a" * 2 * MIB))))
    png[16:24] = struct.pack(">II", 9000, 9000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    with pytest.raises(DecodeError, match="more than 64 million pixels"):
        decode(bytes(png))


@given(marker=st.sampled_from([*range(0xE0, 0xF0), 0xFE]), data=st.binary(max_size=200))
@settings(deadline=None)
def test_a_jpeg_with_any_segment_of_metadata_is_decoded(marker: int, data: bytes) -> None:
    jpeg = saved(photo(), "JPEG")
    segment = bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
    decode(jpeg[:2] + segment + jpeg[2:])


JPEGS: list[dict[str, Any]] = [
    {"quality": 20},
    {"quality": 92},
    {"quality": 100, "subsampling": 0},
    {"restart_marker_blocks": 2},
    {"restart_marker_rows": 1},
    {"progressive": True},
    {"progressive": True, "restart_marker_rows": 1},
]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", JPEGS)
def test_a_jpeg_without_its_end_mark_is_the_same_image(options: dict[str, Any], mode: str) -> None:
    jpeg = saved(photo(100, 130).convert(mode), "JPEG", **options)
    assert jpeg.endswith(END)
    whole, as_it_is = decode_repairing(jpeg)
    assert not as_it_is
    for end in (b"", END[:1], bytes(MIN_FILL), bytes(5000)):
        pixels, repaired = decode_repairing(jpeg[:-2] + end)
        assert repaired
        assert np.array_equal(pixels, whole)
    assert np.array_equal(decode(jpeg[:-2], 65), decode(jpeg, 65))


def test_a_jpeg_with_other_data_after_its_end_is_not_repaired() -> None:
    assert not decode_repairing(saved(photo(), "JPEG") + b"what a phone appends")[1]


def test_a_jpeg_with_a_large_hole_of_zeros_is_handled_quickly() -> None:
    """Guards against a pattern for the trailing zeros, which would restart at each zero of the hole and take hours."""
    jpeg = saved(photo(), "JPEG")
    middle = len(jpeg) - 200
    with_hole = jpeg[:middle] + bytes(16 * MIB) + jpeg[middle : -len(END)]
    assert len(image_data(with_hole)) == len(with_hole)
    assert decode_repairing(with_hole)[1]


def refused_or_whole(jpeg: bytes, damaged: bytes) -> bool:
    """Returns whether damaged bytes are refused or, since the last bits may change no pixel, decoded to the same."""
    try:
        return np.array_equal(decode(damaged), decode(jpeg))
    except DecodeError:
        return True


@pytest.mark.parametrize("options", JPEGS)
@pytest.mark.parametrize("fill", [0, 3000])
def test_half_a_jpeg_is_refused(options: dict[str, Any], fill: int) -> None:
    jpeg = saved(photo(100, 130), "JPEG", **options)
    with pytest.raises(DecodeError, match=r"its image data is cut off|image file is truncated"):
        decode(jpeg[: len(jpeg) // 2 + 150] + bytes(fill))


@given(options=st.sampled_from(JPEGS), fraction=st.floats(0, 1, exclude_max=True), fill=st.sampled_from([0, 3000]))
@settings(deadline=None, max_examples=200)
def test_a_jpeg_that_is_cut_in_its_image_data_is_refused(options: dict[str, Any], fraction: float, fill: int) -> None:
    jpeg = saved(photo(100, 130), "JPEG", **options)
    assert refused_or_whole(jpeg, jpeg[: int(fraction * (len(jpeg) - len(END)))] + bytes(fill))


@pytest.mark.parametrize("options", JPEGS)
def test_a_jpeg_that_lacks_a_few_bytes_of_its_image_data_is_refused(options: dict[str, Any]) -> None:
    jpeg = saved(photo(48, 48), "JPEG", **options)
    assert all(refused_or_whole(jpeg, jpeg[: -len(END) - lacking]) for lacking in range(1, 150))


def test_threads_do_not_disturb_each_other() -> None:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    jpeg = saved(photo(100, 130), "JPEG")

    def outcome(number: int) -> bool:
        if number % 2:
            return np.array_equal(decode(jpeg[:-2]), decode(jpeg))
        with pytest.raises(DecodeError):
            decode(jpeg[: len(jpeg) // 2])
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(outcome, range(64)))
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
