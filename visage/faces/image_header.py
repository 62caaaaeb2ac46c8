"""Reads the size and the quality of an image from its header, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass

_START = b"\xff\xd8"
_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES, _SCAN = 0xDB, 0xDA
# Without a length: stuffed bytes, TEM, RST0 to RST7, SOI.
_BARE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
# Photos of cameras have some dozens of segments before the frame; more than these are an attack on the reader.
_MOST_MARKERS = 1000
_LARGEST = 65_535

# Sum of the 64 steps of the luminance table that the JPEG standard suggests (ITU-T T.81, table K.1), which is that of
# quality 50.
_SUGGESTED_SUM = 3680


@dataclass(frozen=True)
class ImageHeader:
    """What a header says.

    Attributes:
        width: pixels, before an EXIF orientation turns the image.
        height: pixels.
        jpeg_quality: 1 to 100, that of libjpeg whose tables have the same sum; None: no JPEG.
    """

    width: int
    height: int
    jpeg_quality: float | None


def read_header(image: bytes) -> ImageHeader | None:
    """Reads the header of a JPEG or a PNG.

    Returns:
        What it says; None for other bytes, and for a JPEG that ends before its frame. A JPEG with 1,000 markers before
        its frame counts as the largest that there can be.

    Source: ITU-T T.81, B.1 and B.2.2.
    """
    if image.startswith(_PNG):
        if len(image) < 24:
            return None
        return ImageHeader(int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big"), None)
    return _read_jpeg(image) if image.startswith(_START) else None


def _read_jpeg(image: bytes) -> ImageHeader | None:
    """Looks for the frame as libjpeg does, which skips what is no marker."""
    at, quality = 2, None
    for _ in range(_MOST_MARKERS):
        at = image.find(b"\xff", at)
        if at < 0 or at + 9 > len(image):
            return None
        marker = image[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        end = at + 2 + (image[at + 2] << 8 | image[at + 3])
        if marker == _TABLES:
            quality = _quality(image[at + 4 : end]) or quality
        elif marker in _FRAMES:
            height, width = image[at + 5] << 8 | image[at + 6], image[at + 7] << 8 | image[at + 8]
            return ImageHeader(width, height, quality)
        elif marker == _SCAN:
            return None
        at = end
    return ImageHeader(_LARGEST, _LARGEST, quality)


def _quality(tables: bytes) -> float | None:
    """Returns the quality by the table 0, which is that of the luminance; None: it is in another segment.

    libjpeg multiplies the suggested table by 50 / quality below quality 50, and by 2 - quality / 50 above.
    """
    at = 0
    while at < len(tables):
        is_wide, number = tables[at] >> 4, tables[at] & 15
        size = 128 if is_wide else 64
        steps = tables[at + 1 : at + 1 + size]
        if len(steps) < size:
            return None
        if number == 0:
            total = sum(steps[1::2]) + 256 * sum(steps[0::2]) if is_wide else sum(steps)
            scale = total / _SUGGESTED_SUM
            return max(1.0, min(100.0, 100 - 50 * scale if scale <= 1 else 50 / scale))
        at += 1 + size
    return None
