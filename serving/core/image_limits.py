"""Reads the size of JPEGs from their headers, before a graph decodes them."""

from collections.abc import Iterable

_START = b"\xff\xd8\xff"
# Start of frame: C0 to CF without the Huffman tables, the reserved marker and the arithmetic conditioning.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM, RST0 to RST7, SOI.
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Returns the width and the height in a JPEG's header, in pixels; None if the bytes have no such header.

    Source: ITU-T T.81, B.1 and B.2.2.
    """
    if not image.startswith(_START):
        return None
    position, end = 2, len(image)
    while position + 9 <= end:
        if image[position] != 0xFF:
            return None
        marker = image[position + 1]
        if marker == 0xFF:  # A marker may be preceded by any number of these.
            position += 1
        elif marker in _BARE:
            position += 2
        elif marker in _FRAMES:
            height = int.from_bytes(image[position + 5 : position + 7], "big")
            width = int.from_bytes(image[position + 7 : position + 9], "big")
            return width, height
        else:
            position += 2 + int.from_bytes(image[position + 2 : position + 4], "big")
    return None


def pixels_of(values: Iterable[object]) -> list[int]:
    """Returns the pixels of each value that is a JPEG; 0 for every other value."""
    sizes = (jpeg_size(value) if isinstance(value, bytes) else None for value in values)
    return [size[0] * size[1] if size else 0 for size in sizes]
