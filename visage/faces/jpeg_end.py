"""Distinguishes JPEG files that lack only their end mark, which viewers show, from images that were cut off.

libjpeg pads data that ends too early with zeros and reports it only by a warning, which Pillow and TensorFlow do not
pass on. Therefore a decoder is run with several continuations of the data. The pixels of a complete image are the same
whatever follows its data; the pixels of an image that was cut off are not.
"""

import random
import re
from dataclasses import dataclass

START = b"\xff\xd8\xff"
END = b"\xff\xd9"

# A damaged download is often padded with zeros, which a decoder takes for image data. Complete image data may end
# in a few zeros.
MIN_FILL = 8
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_WITHOUT_LENGTH = {0x01, 0xD8, *range(0xD0, 0xD8)}
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_COEFFICIENTS = 64


def _noise(first_restart: int, seed: int) -> bytes:
    """Returns random image data with restart marks, at which a decoder resumes wherever the data was cut off."""
    rng = random.Random(seed)
    # 0xff would start a marker.
    blocks = [bytes(rng.randrange(1, 255) for _ in range(64)) for _ in range(16)]
    return b"".join(block + bytes([0xFF, 0xD0 + (first_restart + i) % 8]) for i, block in enumerate(blocks))


# libjpeg resumes at a restart mark unless its number is the expected one plus 1 or 2 (of 8); these serve each case.
CONTINUATIONS = (END, _noise(0, 1) + END, _noise(4, 2) + END)
"""Data to append to a JPEG without its end mark: each gives the same pixels if no image data is missing."""


def image_data(jpeg: bytes) -> bytes:
    """Returns the bytes to which `CONTINUATIONS` are appended: without the zeros that pad a damaged file."""
    used = jpeg.rstrip(b"\x00")
    data = used if len(jpeg) - len(used) >= MIN_FILL else jpeg
    # 0xff and the first byte of a continuation must not form a marker: half an end mark, or half a stuffed 0xff.
    return data + b"\x00" if data.endswith(b"\xff") else data


@dataclass(frozen=True)
class Scans:
    """The state of a JPEG's image data according to its markers.

    Attributes:
        ended: whether an end mark follows.
        complete: whether every coefficient of every component is present to its last bit. If a progressive JPEG is cut
            off between two scans, no continuation changes its pixels.
    """

    ended: bool
    complete: bool


def read_scans(jpeg: bytes) -> Scans:
    """Reads a JPEG's markers.

    Raises:
        ValueError: a header is cut off, or names a component that the frame lacks.
    """
    missing_bits: dict[int, list[int]] = {}
    ended = False
    at = len(START) - 1
    try:
        while not ended and at + 2 <= len(jpeg):
            marker = jpeg[at + 1]
            if jpeg[at] != 0xFF or marker in (0x00, 0xFF):
                at += 1
            elif marker in _WITHOUT_LENGTH:
                at += 2
            elif marker == _END_OF_IMAGE:
                ended = True
            else:
                end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
                segment = jpeg[at + 4 : end]
                if marker in _START_OF_FRAME:
                    missing_bits = {segment[6 + 3 * i]: [_COEFFICIENTS] * _COEFFICIENTS for i in range(segment[5])}
                elif marker == _START_OF_SCAN:
                    _note_scan(segment, missing_bits)
                    following = _MARKER.search(jpeg, end)
                    end = following.start() if following else len(jpeg)
                at = end
    except (IndexError, KeyError) as error:
        raise ValueError("a header of this JPEG is cut off or contradicts another") from error
    return Scans(ended, bool(missing_bits) and not any(map(any, missing_bits.values())))


def _note_scan(header: bytes, missing_bits: dict[int, list[int]]) -> None:
    components = header[0]
    first, last, approximation = header[1 + 2 * components : 4 + 2 * components][:3]
    for i in range(components):
        of_component = missing_bits[header[1 + 2 * i]]
        for k in range(first, last + 1):
            of_component[k] = approximation & 0x0F
