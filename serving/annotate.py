"""Draws a prediction: the model, every face boxed on the photo, and the age distribution of each face."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from visage.data.labels import AGE_GROUPS
from visage.errors import VisageError
from visage.faces.image_io import decode
from visage.files import atomic_file
from visage.prediction.age_span import AGE_SPAN, age_span
from visage.prediction.each_photo import Photo
from visage.prediction.photos import FacePrediction, PhotoPrediction
from visage.saved_model.identity import ModelIdentity

WIDTH = 960
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Pillow's format by file extension in lower case."""

_JPEG_QUALITY = 95
_MARGIN = 16
_PANEL_WIDTH, _PANEL_HEIGHT = 224, 148
_PANELS_A_ROW = WIDTH // (_PANEL_WIDTH + _MARGIN)
_LINE_HEIGHT, _LETTERS_A_LINE = 20, 120
_GROUND, _INK, _QUIET = "#ffffff", "#1c1f23", "#5a626b"
_BAR, _BAR_FAR, _BOX = "#0b6e5d", "#9cc9bf", "#ffd34d"


def write_annotated(photo: Photo, prediction: PhotoPrediction, out: Path) -> None:
    """Writes an image with the model's name, the photo with boxed faces, and the age distribution of each face.

    Args:
        photo: the photo.
        prediction: the prediction for it, without a `problem`.
        out: the file to write, in the format of its extension: one of `FORMATS`.

    Raises:
        VisageError: the photo can no longer be read, or the file cannot be written.
    """
    try:
        image = _draw(decode(photo.read()), prediction)
        with atomic_file(out) as partial:
            image.save(partial, FORMATS[out.suffix.lower()], quality=_JPEG_QUALITY)
    except OSError as error:
        where = photo.path if error.filename == photo.path else out
        raise VisageError(f"{where}: {error.strerror or error}; name another file") from error


def _draw(photo: np.ndarray, prediction: PhotoPrediction) -> Image.Image:
    faces = prediction.faces
    lines = _caption_lines(prediction.model)
    top = len(lines) * _LINE_HEIGHT + (_MARGIN if lines else 0)
    boxed = _boxed_photo(photo, faces)
    rows = -(-len(faces) // _PANELS_A_ROW)
    below = top + boxed.height + _MARGIN
    page = Image.new("RGB", (WIDTH, below + rows * (_PANEL_HEIGHT + _MARGIN)), _GROUND)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text(
            (_MARGIN // 2, _MARGIN // 2 + number * _LINE_HEIGHT), line, fill=_INK, font=ImageFont.load_default(14)
        )
    page.paste(boxed, ((WIDTH - boxed.width) // 2, top))
    for index, face in enumerate(faces):
        row, column = divmod(index, _PANELS_A_ROW)
        left = _MARGIN // 2 + column * (_PANEL_WIDTH + _MARGIN)
        page.paste(_panel(index + 1, face), (left, below + row * (_PANEL_HEIGHT + _MARGIN)))
    return page


def _caption_lines(model: ModelIdentity | None) -> list[str]:
    """Returns the warning and the model in lines that fit the page; the image is often passed on without the text."""
    lines = [] if model is None else list(model.lines())
    return [part for line in lines for part in textwrap.wrap(line, _LETTERS_A_LINE)]


def _boxed_photo(photo: np.ndarray, faces: Sequence[FacePrediction]) -> Image.Image:
    """Returns the photo, scaled to the width of the page on its longer side, with a numbered box for each face."""
    height, width = photo.shape[:2]
    scale = WIDTH / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    boxed = Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(boxed)
    for number, face in enumerate(faces, start=1):
        x0, y0, x1, y1 = (edge * scale for edge in face.box)
        draw.rounded_rectangle((x0, y0, x1, y1), radius=6, outline=_BOX, width=3)
        label = f"{number}: " + ", ".join(_age_and_gender(face))
        baseline = (max(x0, 2), max(y0 - 4, 18))
        draw.text(
            baseline,
            label,
            fill="white",
            font=ImageFont.load_default(16),
            anchor="ls",
            stroke_width=2,
            stroke_fill="black",
        )
    return boxed


def _panel(number: int, face: FacePrediction) -> Image.Image:
    """Returns the numbers of one face and the distribution of its age over the years 0 to 100."""
    panel = Image.new("RGB", (_PANEL_WIDTH, _PANEL_HEIGHT), _GROUND)
    draw = ImageDraw.Draw(panel)
    headline, *rest = _words(face)
    draw.text((0, 0), f"{number}: {headline}", fill=_INK, font=ImageFont.load_default(18))
    draw.text((0, 24), ", ".join(rest), fill=_QUIET, font=ImageFont.load_default(14))
    if face.age_probabilities is not None:
        span = "-".join(map(str, age_span(face.age_probabilities)))
        right = (_PANEL_WIDTH, 4)
        draw.text(right, f"{AGE_SPAN:.0%}: {span}", fill=_QUIET, font=ImageFont.load_default(14), anchor="ra")
        _draw_bars(draw, face.age_probabilities, _near_bars(face))
    return panel


def _age_and_gender(face: FacePrediction) -> Iterator[str]:
    """Yields the age and the gender, of which a model may predict only one."""
    if face.age is not None:
        yield f"{face.age:.0f}"
    if face.gender is not None:
        yield face.gender


def _words(face: FacePrediction) -> Iterator[str]:
    """Yields the age with its deviation, the gender with its probability, and the age group, if predicted."""
    if face.age is not None and face.age_deviation is not None:
        spread = f" ± {face.age_deviation:.0f}" if face.age_deviation >= 0.5 else ""
        yield f"{face.age:.0f}{spread} years"
    if face.gender_probability is not None:
        yield f"{face.gender} {max(face.gender_probability, 1 - face.gender_probability):.0%}"
    if face.age_group is not None:
        yield f"group {face.age_group}"


def _near_bars(face: FacePrediction) -> range:
    """Returns the bars to highlight: the predicted group, or the years of the 80 % span."""
    if face.age_group is None or face.age_probabilities is None:
        return range(0)
    if len(face.age_probabilities) == len(AGE_GROUPS):
        group = AGE_GROUPS.index(face.age_group)
        return range(group, group + 1)
    low, high = age_span(face.age_probabilities)
    return range(low, high + 1)


def _draw_bars(draw: ImageDraw.ImageDraw, probabilities: Sequence[float], near: range) -> None:
    """Draws a bar per year with a scale of years, or a bar per group with the names of the groups."""
    bottom, height = _PANEL_HEIGHT - 20, _PANEL_HEIGHT - 20 - 48
    width = _PANEL_WIDTH / len(probabilities)
    highest = max(probabilities)
    for number, probability in enumerate(probabilities):
        top = bottom - height * probability / highest
        if bottom - top >= 0.5:
            bar = (number * width, top, (number + 1) * width - 1, bottom)
            draw.rectangle(bar, fill=_BAR if number in near else _BAR_FAR)
    draw.line((0, bottom, _PANEL_WIDTH, bottom), fill=_QUIET)
    if len(probabilities) == len(AGE_GROUPS):
        for number, group in enumerate(AGE_GROUPS):
            middle = ((number + 0.5) * width, bottom + 4)
            draw.text(middle, group, fill=_QUIET, font=ImageFont.load_default(8), anchor="ma")
        return
    for year, anchor in ((0, "la"), (25, "ma"), (50, "ma"), (75, "ma"), (100, "ra")):
        draw.text(
            (_PANEL_WIDTH * year / 100, bottom + 4),
            str(year),
            fill=_QUIET,
            font=ImageFont.load_default(12),
            anchor=anchor,
        )
