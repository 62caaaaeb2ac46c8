"""Decodes the bytes of an image to its pixels."""

import io

import numpy as np
from PIL import Image

from visage.errors import VisageError
from visage.faces import jpeg_end, png_metadata
from visage.faces.image_formats import FORMATS

MAX_BYTES = 128 * 2**20
MAX_PIXELS = 64_000_000

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


class DecodeError(VisageError):
    """Raised when the bytes cannot be read as a complete image; `reason` gives the cause."""

    def __init__(self, reason: str):
        super().__init__(f"the image cannot be read: {reason}")
        self.reason = reason

    def __reduce__(self) -> tuple[type["DecodeError"], tuple[str]]:
        return DecodeError, (self.reason,)


def decode(image: bytes, side: int | None = None) -> np.ndarray:
    """Decodes a JPEG (or PNG, WebP, GIF, BMP) image, turned upright by its EXIF orientation.

    Grey, palette, CMYK and 16-bit images become 8-bit RGB; transparent ones are blended with white. Damaged or
    oversized metadata is ignored, and so is a JPEG's missing end mark.

    Args:
        image: the file's bytes.
        side: pixels; to save time and memory, a JPEG is decoded at a half, a quarter or an eighth of its size as long
            as its longer side keeps at least this length. None: full size. Faces are cut only from images at full
            size, since small faces need their pixels.

    Returns:
        uint8 (height, width, 3), RGB.

    Raises:
        DecodeError: the bytes are no such image or are cut short; or they are more than `MAX_BYTES` or announce more
            than `MAX_PIXELS` pixels, none of which is decoded.
    """
    return decode_repairing(image, side)[0]


def decode_repairing(image: bytes, side: int | None = None) -> tuple[np.ndarray, bool]:
    """Decodes an image as `decode` does.

    Returns:
        Pixels uint8 (height, width, 3), RGB; and whether the image is a JPEG without its end mark.

    Raises:
        DecodeError: for the same reasons as `decode`.
    """
    if not image:
        raise DecodeError("it is empty")
    if len(image) > MAX_BYTES:
        raise DecodeError(f"it has more than {MAX_BYTES >> 20} MiB")
    if image.startswith(png_metadata.SIGNATURE):
        image = png_metadata.without_metadata(image)
    try:
        lacks_end = _is_jpeg_without_end(image)
        return (_pixels_without_end(image, side) if lacks_end else _pixels(image, side)), lacks_end
    except DecodeError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly any exception for hostile bytes.
        raise DecodeError(_reason(error)) from error


def upright_size(image: bytes) -> tuple[int, int]:
    """Returns width and height in pixels of an image as `decode` turns it, from its header alone.

    Raises:
        DecodeError: the bytes are no image that `decode` knows.
    """
    try:
        opened = Image.open(io.BytesIO(image), formats=FORMATS)
        width, height = opened.size
    except Exception as error:  # Pillow raises nearly any exception for hostile bytes.
        raise DecodeError("its header is damaged") from error
    # 5 to 8 exchange the sides.
    return (height, width) if _orientation(opened) >= 5 else (width, height)


def _is_jpeg_without_end(image: bytes) -> bool:
    if not image.startswith(jpeg_end.START) or image.endswith(jpeg_end.END):
        return False
    try:
        return not jpeg_end.read_scans(image).ended
    except ValueError:
        return False


def _pixels_without_end(jpeg: bytes, side: int | None) -> np.ndarray:
    data = jpeg_end.image_data(jpeg)
    first, *others = jpeg_end.CONTINUATIONS
    pixels = _pixels(data + first, side)
    is_whole = jpeg_end.read_scans(data).complete and all(
        np.array_equal(pixels, _pixels(data + other, side)) for other in others
    )
    if not is_whole:
        raise DecodeError("its image data is cut off")
    return pixels


def _pixels(image: bytes, side: int | None) -> np.ndarray:
    opened = Image.open(io.BytesIO(image), formats=FORMATS)
    if opened.width * opened.height > MAX_PIXELS:
        raise DecodeError(f"{opened.width}x{opened.height} is more than {MAX_PIXELS / 1e6:.0f} million pixels")
    orientation = _orientation(opened)
    if side is not None:
        fraction = min(1.0, side / max(opened.size))
        # Pillow reduces the image only while both sides keep at least this length.
        opened.draft(None, (max(1, int(opened.width * fraction)), max(1, int(opened.height * fraction))))
    rgb = _to_rgb(opened)
    if orientation in _TURNED_BACK:
        rgb = rgb.transpose(_TURNED_BACK[orientation])
    return np.array(rgb)


def _orientation(opened: Image.Image) -> int:
    try:
        return int(opened.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # The pixels are readable despite broken EXIF data.
        return 1


def _to_rgb(opened: Image.Image) -> Image.Image:
    opened.load()
    if opened.mode.startswith("I"):
        # Pillow's own conversion clips 16-bit grey at 255 instead of scaling it.
        grey = np.array(opened, np.int32)
        np.clip(grey, 0, 65535, out=grey)
        grey += 128
        grey //= 257
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
        rgba = opened.convert("RGBA")
        white = Image.new("RGB", rgba.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return opened.convert("RGB")


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return f"it is none of {', '.join(FORMATS)}"
    if isinstance(error, Image.DecompressionBombError):
        return f"it holds more than {MAX_PIXELS / 1e6:.0f} million pixels"
    return str(error) or type(error).__name__
