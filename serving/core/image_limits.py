"""Counts the pixels of images from their headers, before a graph decodes them."""

from collections.abc import Iterable

from visage.faces.image_header import read_header


def pixels_of(values: Iterable[object]) -> list[int]:
    """Returns the pixels of each value that is a JPEG or a PNG; 0 for every other value."""
    headers = (read_header(value) if isinstance(value, bytes) else None for value in values)
    return [header.width * header.height if header else 0 for header in headers]
