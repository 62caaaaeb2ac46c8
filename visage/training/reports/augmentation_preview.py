"""Draws a sheet of a network's training input: some crops, each unchanged and augmented."""

from __future__ import annotations

import io

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from visage.training.batches import Split, augmented, some_examples
from visage.training.settings import TrainerSettings

CROPS = 8
VERSIONS = 7

# Pixels. Smaller images are enlarged in blocks, so that every pixel of the network's input is visible.
_LEAST_SIDE = 128
_GAP = 6
_HEADING = 30
_GROUND, _INK = 255, 40


def draw_sheet(split: Split, settings: TrainerSettings) -> bytes:
    """Returns a PNG with a row for each of at most CROPS crops: not augmented, then VERSIONS times augmented.

    The crops are spread evenly over the split. They pass through the same functions as those of training.
    """
    batch = some_examples(split, settings.spec, settings, CROPS).cache()
    (plain, _) = next(batch.as_numpy_iterator())
    versions = augmented(batch.repeat(VERSIONS), settings).map(lambda pixels, labels: pixels)
    columns = [plain, *(tf.cast(tf.round(pixels), tf.uint8).numpy() for pixels in versions)]
    file = io.BytesIO()
    _page(np.stack(columns, axis=1)).save(file, "PNG")
    return file.getvalue()


def _page(images: np.ndarray) -> Image.Image:
    """Draws images uint8 [rows, columns, side, side, channels] under a heading."""
    rows, columns, side = images.shape[:3]
    scale = -(-_LEAST_SIDE // side)
    pitch = scale * side + _GAP
    page = Image.new("RGB", (columns * pitch + 2 * _GAP, _HEADING + rows * pitch), (_GROUND,) * 3)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(16)
    for text, column in (("as it is", 0), ("augmented", 1)):
        draw.text((_left(column, pitch), _GAP), text, fill=(_INK,) * 3, font=font)
    for row, column in np.ndindex(rows, columns):
        image = images[row, column].repeat(scale, axis=0).repeat(scale, axis=1)
        shown = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        page.paste(shown, (_left(column, pitch), _HEADING + row * pitch))
    return page


def _left(column: int, pitch: int) -> int:
    """Returns the x of a column in pixels, with a gap after the first column."""
    return _GAP // 2 + column * pitch + (_GAP if column else 0)
