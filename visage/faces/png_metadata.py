"""Removes metadata from PNG files whose damage viewers ignore: colour profiles, texts, times and their checksums."""

import re
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_TRANSPARENCY, _EXIF, _TEXT, _COMPRESSED_TEXT, _UNICODE_TEXT = b"tRNS", b"eXIf", b"tEXt", b"zTXt", b"iTXt"
_KIND = re.compile(rb"[A-Za-z]{4}")
# Older programs write the EXIF data, which gives the orientation, as a text.
_EXIF_KEYWORD = b"Raw profile type exif\x00"
_MAX_EXIF = 2**20
# XMP gives the orientation if EXIF data does not. The zeros: not compressed, no language, no translation.
_XMP_KEYWORD = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
_MAX_XMP = 2**16


def without_metadata(png: bytes) -> bytes:
    """Returns a PNG without its ancillary chunks, except complete ones that affect the display of the pixels.

    Those are transparency, EXIF data and XMP. Bytes that are no chunk, such as the rest of a file that was cut off, are
    kept.

    Source: PNG (Third Edition), W3C 2025, section 13.2: a decoder continues after an error in an ancillary chunk.
    """
    kept = [png[: len(SIGNATURE)]]
    kinds: set[bytes] = set()
    at = len(SIGNATURE)
    while True:
        kind = png[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if not _KIND.fullmatch(kind) or end > len(png):
            kept.append(png[at:])
            return b"".join(kept)
        if kind[0:1].isupper():
            kept.append(png[at:end])
        # One chunk of each kind is enough; Pillow refuses an image with many long texts.
        elif kind not in kinds and _shows(kind, png[at + 8 : end - 4], png[end - 4 : end]):
            kept.append(png[at:end])
            kinds.add(kind)
        at = end


def _shows(kind: bytes, data: bytes, checksum: bytes) -> bool:
    """Returns whether an ancillary chunk is complete and affects the display of the pixels."""
    if kind == _COMPRESSED_TEXT:
        relevant = data.startswith(_EXIF_KEYWORD) and _inflates(data[len(_EXIF_KEYWORD) + 1 :])
    elif kind == _TEXT:
        relevant = data.startswith(_EXIF_KEYWORD) and len(data) <= _MAX_EXIF
    elif kind == _UNICODE_TEXT:
        relevant = data.startswith(_XMP_KEYWORD) and len(data) <= _MAX_XMP
    else:
        relevant = kind == _TRANSPARENCY or (kind == _EXIF and len(data) <= _MAX_EXIF)
    return relevant and zlib.crc32(data, zlib.crc32(kind)) == int.from_bytes(checksum, "big")


def _inflates(compressed: bytes) -> bool:
    inflater = zlib.decompressobj()
    try:
        # Pillow refuses an image with a longer text.
        inflater.decompress(compressed, _MAX_EXIF)
    except zlib.error:
        return False
    return inflater.eof
