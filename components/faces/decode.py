"""From the bytes of a picture to its pixels."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from components.errors import VisageError

MAX_BYTES = 128 * 2**20
MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

# Pixels; of a longer side of twice as many, half of the pixels along it are enough to find and cut a face.
FACE_SIDE = 2048

_ORIENTATION_TAG = 0x0112
_TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_ON_ITS_SIDE = (5, 6, 7, 8)


class DecodeError(VisageError):
    """The bytes are no picture that can be read whole; `reason` says why."""

    def __init__(self, reason: str):
        super().__init__(f"the picture cannot be read: {reason}")
        self.reason = reason

    def __reduce__(self) -> tuple[type["DecodeError"], tuple[str]]:
        return DecodeError, (self.reason,)


@dataclass(frozen=True)
class ScaledPicture:
    """A picture, unpacked in full or at a fraction of its size.

    Attributes:
        pixels: uint8 (h, w, 3), RGB.
        width, height: pixels of the whole picture, upright.
        shrunk: so many of its pixels along each side became one of `pixels`: 1, 2, 4 or 8. A place (x, y) in `pixels`
            lies at `shrunk` times (x, y) in the whole picture.
    """

    pixels: np.ndarray
    width: int
    height: int
    shrunk: int


def decode(picture: bytes) -> np.ndarray:
    """Decodes a JPEG (or PNG, WebP, GIF, BMP) picture, turned upright by its EXIF orientation.

    Grey, palette, CMYK and 16-bit pictures become 8-bit RGB; transparent ones are laid on white.

    Args:
        picture: the file's bytes.

    Returns:
        uint8 (height, width, 3), RGB.

    Raises:
        DecodeError: the bytes are no such picture or are cut short; or they are more than `MAX_BYTES` or hold more than
            `MAX_PIXELS` pixels, of which nothing is unpacked.
    """
    return decode_scaled(picture, MAX_PIXELS).pixels


def decode_scaled(picture: bytes, side: int = FACE_SIDE) -> ScaledPicture:
    """Decodes a picture as `decode` does, a large JPEG at a half, a quarter or an eighth of its size.

    A JPEG's blocks give their means at no more than their own cost, so that less is unpacked and kept in memory.

    Args:
        picture: the file's bytes.
        side: pixels; it shrinks as far as its longer side stays at least so long. Other formats never shrink.

    Raises:
        DecodeError: as `decode`.
    """
    if not picture:
        raise DecodeError("it is empty")
    if len(picture) > MAX_BYTES:
        raise DecodeError(f"it has more than {MAX_BYTES >> 20} MiB")
    try:
        image = Image.open(io.BytesIO(picture), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise DecodeError(f"{width}x{height} is more than {MAX_PIXELS / 1e6:.0f} million pixels")
        orientation = _orientation(image)
        # Pillow goes by the side that would shrink least.
        share = min(1.0, side / max(width, height))
        image.draft(None, (max(1, int(width * share)), max(1, int(height * share))))
        shrunk = round(max(width, height) / max(image.size))
        rgb = _to_rgb(image)
    except DecodeError:
        raise
    except Exception as error:  # Pillow's decoders answer hostile bytes with nearly any exception.
        raise DecodeError(_reason(error)) from error
    if orientation in _TURNED_BACK:
        rgb = rgb.transpose(_TURNED_BACK[orientation])
    if orientation in _ON_ITS_SIDE:
        width, height = height, width
    return ScaledPicture(np.array(rgb), width, height, shrunk)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # Broken EXIF data does not make the pixels unreadable.
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    image.load()
    if image.mode.startswith("I"):
        # Pillow's own conversion clips 16-bit grey at 255 instead of scaling it.
        grey = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(np.rint(grey).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return f"it is none of {', '.join(FORMATS)}"
    if isinstance(error, Image.DecompressionBombError):
        return f"it holds more than {MAX_PIXELS / 1e6:.0f} million pixels"
    return str(error) or type(error).__name__
