"""Adience's landmark files: 68 points per face, each the centre of a small box."""

import numpy as np

from tfds_builders.sample_portraits.canvas import ellipse
from tfds_builders.sample_portraits.face import outline
from tfds_builders.sample_portraits.photo import Sitter
from tfds_builders.sample_portraits.proportions import proportions

_POINTS = 68


def landmarks_file(sitter: Sitter, score: int) -> bytes:
    """Returns the file: `SCORE,0`, a header, and 68 lines `x,y,dx,dy,x_c,y_c` in pixels of the image."""
    shape = proportions(sitter.person, sitter.age, turn=0)
    parts = [
        ellipse(0, shape.nose, shape.nose_width, 0.1)[::3],
        ellipse(-0.5, 0, shape.eye_width, shape.eye_height)[::4],
        ellipse(0.5, 0, shape.eye_width, shape.eye_height)[::4],
        ellipse(0, shape.mouth, shape.mouth_width, shape.lips)[::2],
        outline(shape),
    ]
    points = np.concatenate(parts)[:_POINTS]
    to_image = sitter.to_image()
    centres = points @ to_image[:, :2].T + to_image[:, 2]
    box = 0.4 * sitter.eye_distance
    lines = [f"{x - box / 2:.2f},{y - box / 2:.2f},{box:.2f},{box:.2f},{x:.2f},{y:.2f}" for x, y in centres]
    return ("\n".join([f"{score},0", "x,y,dx,dy,x_c,y_c", *lines]) + "\n").encode()
