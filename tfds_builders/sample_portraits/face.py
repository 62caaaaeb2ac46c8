"""Paints a face without its hair: skin, ears, eyes, brows, nose, mouth, and the lines of age."""

import numpy as np

from tfds_builders.sample_portraits.canvas import (
    Canvas,
    Points,
    closed_curve,
    darker,
    ellipse,
    mirrored,
    mix,
    open_curve,
)
from tfds_builders.sample_portraits.person import GREY_HAIR, SKIN_TONES, Colour, Person, greyed, grown, wrinkled
from tfds_builders.sample_portraits.proportions import Proportions

_LIP_RED: Colour = (178, 62, 70)
_EYE_WHITE: Colour = (236, 232, 228)
_INK: Colour = (30, 22, 20)
_TEETH: Colour = (238, 234, 224)


def paint_face(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    """Paints the face of a person at an age (years) onto the canvas, over what is behind it."""
    skin = SKIN_TONES[person.skin_tone]
    _paint_ears(canvas, skin, shape)
    canvas.fill(outline(shape), skin)
    _shade_head(canvas, shape)
    _paint_nose(canvas, skin, shape)
    _paint_mouth(canvas, person, age, skin, shape, rng)
    for side in (-1.0, 1.0):
        _paint_eye(canvas, person, age, skin, shape, side)
        _paint_brow(canvas, person, age, shape, side, rng)
    _crease_skin(canvas, person, age, shape, rng)
    _spot_skin(canvas, person, age, shape, rng)


def outline(shape: Proportions) -> Points:
    """Returns the closed outline of skull, cheeks, jaw and chin."""
    right = [
        (0.66 * shape.temple, shape.skull_top * 0.86),
        (0.97 * shape.temple, shape.skull_top * 0.52),
        (shape.temple, -0.25),
        (shape.cheek, 0.35 * shape.chin),
        (shape.jaw, 0.72 * shape.chin),
        (shape.chin_width, 0.975 * shape.chin),
    ]
    left = [(-x, y) for x, y in reversed(right)]
    points = closed_curve([(0.0, shape.skull_top), *right, (0.0, shape.chin), *left])
    return points + np.array((0.04 * shape.turn, 0.0))


def _paint_ears(canvas: Canvas, skin: Colour, shape: Proportions) -> None:
    for side in (-1.0, 1.0):
        ear = ellipse(side * shape.temple + 0.06 * side - 0.05 * shape.turn, 0.2, 0.13, 0.28 + 0.06 * shape.sag)
        canvas.fill(ear, darker(skin, 0.9))
        canvas.shade(ellipse(side * shape.temple + 0.06 * side, 0.22, 0.06, 0.16), -0.25)


def _shade_head(canvas: Canvas, shape: Proportions) -> None:
    canvas.shade(ellipse(0, -0.8, 0.62, 0.28), 0.07)
    for side in (-1.0, 1.0):
        rim = open_curve([(side * x * shape.temple, y * shape.chin) for x, y in ((1, -0.5), (1.01, 0.1), (0.86, 0.66))])
        canvas.soft_line(rim, -0.2, 0.16)
        canvas.shade(ellipse(side * 0.62, 0.42 * shape.chin, 0.24, 0.17), 0.09)
        canvas.shade(ellipse(side * 0.5, -0.02, shape.eye_width + 0.1, shape.eye_height + 0.1), -0.12)
    canvas.shade(ellipse(0.1 * shape.turn, 0.85 * shape.chin, 0.2, 0.08), 0.08)
    canvas.shade(ellipse(0.1 * shape.turn, shape.mouth + 2.2 * shape.lips + 0.06, 0.26, 0.05), -0.14)
    under_chin = open_curve([(-0.6, shape.chin * 0.93), (0, shape.chin + 0.06), (0.6, shape.chin * 0.93)])
    canvas.soft_line(under_chin, -0.35, 0.1)


def _paint_nose(canvas: Canvas, skin: Colour, shape: Proportions) -> None:
    x, tip, wing = 0.12 * shape.turn, shape.nose, shape.nose_width
    shadow_side = -1.0 if shape.turn > 0 else 1.0
    canvas.soft_line(open_curve([(0.14 * shadow_side, -0.05), (x + 0.12 * shadow_side, tip * 0.7)]), -0.14, 0.1)
    canvas.soft_line(open_curve([(x * 0.3, 0.0), (x, tip * 0.85)]), 0.12, 0.09)
    canvas.shade(ellipse(x, tip + 0.07, wing * 0.9, 0.05), -0.25)
    canvas.shade(ellipse(x, tip - 0.06, 0.09, 0.07), 0.14)
    for side in (-1.0, 1.0):
        canvas.fill(ellipse(x + side * wing * 0.45, tip + 0.035, wing * 0.24, 0.03), darker(skin, 0.42))
        rim = open_curve(
            [(x + side * wing * 0.82, tip - 0.11), (x + side * wing, tip), (x + side * wing * 0.7, tip + 0.05)]
        )
        canvas.crease(rim, 0.3, 0.022)


def _paint_mouth(
    canvas: Canvas, person: Person, age: float, skin: Colour, shape: Proportions, rng: np.random.Generator
) -> None:
    x, y, half, lips = 0.1 * shape.turn, shape.mouth, shape.mouth_width, shape.lips
    smile = float(rng.uniform(-0.02, 0.07)) - 0.03 * shape.sag
    gap = float(max(0.0, rng.uniform(-0.12, 0.07)))
    redness = 0.25 + (0.08 + 0.26 * grown(age) if person.strong_lashes else 0.0) - 0.12 * shape.sag
    colour = mix(darker(skin, 0.86), _LIP_RED, redness)
    left, right = (x - half, y - smile), (x + half, y - smile)
    middle = [(x + 0.5 * half, y), (x, y + 0.01), (x - 0.5 * half, y)]
    bow = [(x - 0.45 * half, y - lips * 0.8), (x - 0.15 * half, y - lips), (x, y - 0.8 * lips)]
    bow += [(x + 0.15 * half, y - lips), (x + 0.45 * half, y - lips * 0.8)]
    low = [(x + 0.5 * half, y + gap + lips * 0.9), (x, y + gap + lips * 1.25), (x - 0.5 * half, y + gap + lips * 0.9)]
    canvas.fill(closed_curve([left, *bow, right, *low]), colour)
    if gap > 0:
        canvas.fill(closed_curve([left, *middle[::-1], right, (x, y + gap)]), mix(_TEETH, (150, 90, 80), 0.1))
    canvas.stroke(open_curve([left, *middle[::-1], right]), darker(colour, 0.45), 0.025)
    canvas.shade(ellipse(x, y + gap + lips * 0.7, half * 0.4, lips * 0.3), 0.12)


def _paint_eye(canvas: Canvas, person: Person, age: float, skin: Colour, shape: Proportions, side: float) -> None:
    width, height = shape.eye_width, shape.eye_height
    droop = 0.05 * shape.sag
    across = np.linspace(-1, 1, 11)
    arch = 1 - across**2
    tilt = -0.02 * across + droop * np.clip(across, 0, 1)
    upper = np.stack([across * width, tilt - height * arch**0.8], axis=1)
    lower = np.stack([across * width, tilt + 0.6 * height * arch], axis=1)
    centre = (side * 0.5, 0.0)
    upper, lower = (curve * (side, 1) + centre for curve in (upper, lower))
    canvas.fill(np.concatenate([upper, lower[::-1]]), _EYE_WHITE)
    for radius, colour in ((0.112, person.iris_colour), (0.055, _INK)):
        disc = ellipse(side * 0.5 + 0.02 * shape.turn, -0.015, radius, radius)
        order = np.argsort(upper[:, 0])
        top = np.interp(disc[:, 0], upper[order, 0], upper[order, 1])
        bottom = np.interp(disc[:, 0], lower[order, 0], lower[order, 1])
        canvas.fill(np.stack([disc[:, 0], disc[:, 1].clip(top, bottom)], axis=1), colour)
    canvas.fill(ellipse(side * 0.5 + 0.04, -0.045, 0.02, 0.02), (250, 250, 250))
    lash = 0.05 if person.strong_lashes else 0.03
    canvas.stroke(upper, mix(_INK, skin, 0.1), lash)
    if person.strong_lashes and age > 4:
        canvas.stroke(np.stack([upper[-2], upper[-1] + (side * 0.06, -0.05)]), _INK, 0.03)
    canvas.stroke(lower, darker(skin, 0.62), 0.016)
    canvas.crease(upper[1:-1] - (0, 0.06 - 0.025 * shape.sag), 0.3 + 0.25 * shape.sag, 0.02)


def _paint_brow(
    canvas: Canvas, person: Person, age: float, shape: Proportions, side: float, rng: np.random.Generator
) -> None:
    adult = grown(age)
    thickness = 0.03 + (0.012 * adult if person.female else 0.02 + 0.05 * adult)
    arch = 0.09 if person.female else 0.035
    low = -0.29 if person.female else -0.25
    low += 0.03 * shape.sag - 0.06 * (1 - adult)
    inner, peak, outer = (0.24, low), (0.56, low - arch), (0.82, low - 0.01 + 0.05 * shape.sag)
    top = open_curve([inner, (0.4, low - 0.7 * arch - thickness / 2), (0.58, peak[1] - thickness / 2), outer])
    bottom = open_curve([(inner[0], low + thickness), (0.4, low - 0.7 * arch + thickness / 2), peak, outer])
    hair = mix(darker(person.hair_colour, 0.75), GREY_HAIR, 0.7 * greyed(person, age) * (0.4 if person.female else 1))
    brow = np.concatenate([top, bottom[::-1]])
    canvas.fill(
        brow * (side, 1) + (0, 0.02 * rng.normal()), mix(SKIN_TONES[person.skin_tone], hair, 0.55 + 0.4 * adult)
    )


def _crease_skin(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    old = wrinkled(person, age)
    if old < 0.04:
        return
    dark = 0.62 * old
    for line in range(1 + round(4 * old)):
        y = -0.5 - 0.13 * line + 0.02 * rng.normal()
        half = 0.62 - 0.05 * line
        waves = [(x * half, y + 0.03 * rng.normal() - 0.03 * (1 - x * x)) for x in (-1, -0.5, 0, 0.5, 1)]
        _furrow(canvas, open_curve(waves), dark * rng.uniform(0.6, 1.0))
    for side in (-1.0, 1.0):
        _furrow(canvas, open_curve([(side * 0.09, -0.36), (side * 0.07, -0.14)]), dark * 0.7)
        _crease_beside_eye(canvas, shape, side, dark, rng)
        _crease_beside_mouth(canvas, shape, side, dark, old)


def _crease_beside_eye(canvas: Canvas, shape: Proportions, side: float, dark: float, rng: np.random.Generator) -> None:
    for angle in (-0.5, -0.1, 0.3, 0.6):
        start = np.array((0.5 + shape.eye_width + 0.05, 0.02))
        end = start + np.array((np.cos(angle), np.sin(angle))) * (0.1 + 0.16 * shape.sag) * rng.uniform(0.7, 1.1)
        canvas.crease(np.stack([start, end]) * (side, 1), 0.8 * dark, 0.022)
    bag = [(0.3, 0.1), (0.48, 0.19 + 0.08 * shape.sag), (0.7, 0.1)]
    _furrow(canvas, mirrored(open_curve(bag)) if side < 0 else open_curve(bag), 0.85 * dark)
    under = [(0.32, 0.18), (0.5, 0.28 + 0.08 * shape.sag), (0.72, 0.18)]
    canvas.soft_line(open_curve(under) * (side, 1), -0.3 * dark, 0.12)


def _crease_beside_mouth(canvas: Canvas, shape: Proportions, side: float, dark: float, old: float) -> None:
    wing = [(shape.nose_width + 0.05, shape.nose - 0.08), (0.42, 0.9), (0.5 + 0.03 * old, shape.mouth)]
    _furrow(canvas, open_curve(wing) * (side, 1), dark)
    if old > 0.3:
        puppet = [(shape.mouth_width + 0.05, shape.mouth + 0.06), (shape.mouth_width + 0.1, shape.mouth + 0.34)]
        _furrow(canvas, open_curve(puppet) * (side, 1), dark * 0.9)
        canvas.shade(ellipse(side * 0.66, shape.mouth + 0.1, 0.12, 0.2), -0.3 * old)
    if old > 0.5:
        for x in (0.6, 0.76):
            canvas.crease(open_curve([(x, 0.45), (x + 0.04, 0.7), (x - 0.02, 0.95)]) * (side, 1), 0.3 * dark, 0.018)


def _furrow(canvas: Canvas, line: Points, darkness: float) -> None:
    canvas.crease(line, darkness, 0.025)
    # A wrinkle of one pixel disappears in a small crop; the shadow beside it does not.
    canvas.soft_line(line, -0.55 * darkness, 0.08)


def _spot_skin(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    for _ in range(rng.poisson(1 + 14 * wrinkled(person, age) ** 2)):
        x, y = rng.uniform(-0.85, 0.85), rng.uniform(-1.0, 0.8 * shape.chin)
        if np.hypot(abs(x) - 0.5, y) > 0.3:
            canvas.spot(ellipse(x, y, *rng.uniform(0.01, 0.04, 2)), float(rng.uniform(0.08, 0.25)))
