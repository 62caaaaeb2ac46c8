"""Changes images at random, each by its own draw, without changing age and gender."""

from __future__ import annotations

from collections.abc import Set

import cv2
import numpy as np
import tensorflow as tf

from visage.training.augmentation.colours import ColourChange, recolour
from visage.training.augmentation.erasing import draw_rectangles, erase
from visage.training.augmentation.geometry import Moves, mirror, move
from visage.training.recipe.augmentation_settings import AugmentationSettings

# Each change has its own seed, derived from its position, so a new change goes to the end.
_CHANGES = ("flip", "shift", "brightness", "contrast", "zoom", "rotation", "shear", "saturation", "erasing", "lighting")

# All but the mirroring, which needs no resampling.
_MOVES = {"shift", "zoom", "rotation", "shear"}
_COLOURS = {"brightness", "contrast", "saturation", "lighting"}

# tf.data changes several batches at once; threads for the rows of one image would only wait for each other.
cv2.setNumThreads(0)


def augment(pixels: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Moves, colours, lights and erases each image of a batch at random.

    TensorFlow draws the random numbers and OpenCV applies them, since TensorFlow's own resampling costs five times as
    much.

    Args:
        pixels: uint8 [N, side, side, channels]; one channel is grey and has no colours to change.
        seed: int64 [2]; the same seed makes the same changes, in any process.
        settings: how far each change may go.

    Returns:
        float32, same shape, in 0..255. Moved images have whole grey levels before their colours change.
    """
    draws = _draw(tf.shape(pixels), seed, settings)

    def change(pixels: np.ndarray, *drawn: np.ndarray) -> np.ndarray:
        return _change(pixels, dict(zip(draws, drawn, strict=True)), settings.changes.keys())

    changed = tf.numpy_function(change, [pixels, *draws.values()], tf.float32, stateful=False)
    return tf.ensure_shape(changed, pixels.shape)


def _draw(shape: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> dict[str, tf.Tensor]:
    """Draws the changes of each image; `shape` is that of the batch."""
    count, channels = shape[0], shape[3]
    seeds = dict(zip(_CHANGES, tf.unstack(tf.random.split(seed, len(_CHANGES))), strict=True))

    def around(middle: float, change: str, *of_each: int) -> tf.Tensor:
        most = getattr(settings, change)
        return tf.random.stateless_uniform([count, *of_each], seeds[change], middle - most, middle + most)

    draws = {
        "flip": tf.random.stateless_uniform([count], seeds["flip"]) < (0.5 if settings.flip else 0.0),
        "shear": around(0, "shear"),
        "zoom": around(1, "zoom"),
        "rotation": around(0, "rotation"),
        "shift": around(0, "shift", 2),
        "saturation": around(1, "saturation"),
        "lighting": tf.random.stateless_normal([count, channels], seeds["lighting"], stddev=settings.lighting),
        "contrast": around(1, "contrast"),
        "brightness": around(0, "brightness"),
    }
    if settings.erasing:
        draws["rectangles"], draws["noise"] = draw_rectangles(
            shape, seeds["erasing"], settings.erasing, settings.erasing_fraction
        )
    return draws


def _change(pixels: np.ndarray, draws: dict[str, np.ndarray], keys: Set[str]) -> np.ndarray:
    """Applies `draws` to a batch; `keys` names the changes that are switched on."""
    moves = Moves(draws["flip"], draws["shear"], draws["zoom"], draws["rotation"], draws["shift"])
    origins = moves.origins(pixels.shape[1]) if keys & _MOVES else None
    coloured = bool(keys & _COLOURS)
    changed = np.empty(pixels.shape, np.float32)
    for number, image in enumerate(pixels):
        if origins is not None:
            image = move(image, origins[number])
        elif moves.flipped[number]:
            image = mirror(image)
        if coloured:
            step = draws["lighting"][number] if "lighting" in keys else None
            saturation, contrast, brightness = (draws[key][number] for key in ("saturation", "contrast", "brightness"))
            image = recolour(image, ColourChange(saturation, step, contrast, brightness))
        changed[number] = image
        if "erasing" in keys:
            erase(changed[number], draws["rectangles"][number], draws["noise"])
    return changed
