"""Paints hair and beard; both go grey strand by strand."""

import numpy as np

from tfds_builders.sample_portraits.canvas import Canvas, Points, closed_curve, darker, ellipse, mix, open_curve
from tfds_builders.sample_portraits.person import GREY_HAIR, SKIN_TONES, Colour, Person, greyed, grown, receded
from tfds_builders.sample_portraits.proportions import Proportions


def paint_hair_behind(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    """Paints the hair that falls behind the face; before the face."""
    if not _is_long(person, age):
        return
    length = float(rng.uniform(1.3, 2.6))
    width = shape.temple + float(rng.uniform(0.2, 0.42))
    mass = [(0.0, shape.skull_top - 0.25), (0.8 * width, shape.skull_top * 0.8), (width, -0.3), (width * 1.04, 0.9)]
    mass += [(width * 0.98, length), (0.5, length + 0.1)]
    mass += [(-x, y) for x, y in reversed(mass[1:])]
    canvas.fill(closed_curve(mass), darker(_hair_colour(person, age), 0.8))
    for side in (-1.0, 1.0):
        for x in rng.uniform(shape.temple * 0.9, width, 14):
            lock = [(x, -0.8), (x + rng.normal(0, 0.05), 0.6), (x + rng.normal(0, 0.08), length)]
            canvas.stroke(open_curve(lock) * (side, 1), _strand(person, age, rng), 0.03)


def paint_hair_in_front(
    canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator
) -> None:
    """Paints the hair over forehead and temples; after the face."""
    baldness = receded(person, age)
    downy = age < 1.5
    volume = 0.05 if downy else float(rng.uniform(0.12, 0.28))
    side_end = 0.25 if not _is_long(person, age) else 1.0
    hairline = _hairline(person, age, shape, baldness, rng)
    if baldness < 0.85:
        outer = [(shape.temple + 0.07, -0.2), (shape.temple * 1.02 + volume / 2, shape.skull_top * 0.55)]
        outer += [(0.66 * shape.temple, shape.skull_top * 0.9 - volume)]
        outer += [(0.0, shape.skull_top - volume)]
        outer += [(-x, y) for x, y in reversed(outer[:-1])]
        cap = np.concatenate([open_curve(outer), hairline])
        canvas.fill(cap, mix(SKIN_TONES[person.skin_tone], _hair_colour(person, age), 0.45 if downy else 1.0))
        if not downy:
            _paint_strands(canvas, person, age, shape, hairline, volume, rng)
    _paint_sides(canvas, person, age, shape, side_end, rng)


def paint_beard(canvas: Canvas, person: Person, age: float, shape: Proportions, rng: np.random.Generator) -> None:
    """Paints stubble or beard on a grown man's jaw; after the face."""
    strength = person.beard * float(np.clip((age - 16) / 6, 0, 1))
    if person.female or age < 15:
        return
    for side in (-1.0, 1.0):
        jaw = [(shape.jaw + 0.05, 0.5 * shape.chin), (shape.jaw - 0.06, 0.72 * shape.chin), (0.3, 0.96 * shape.chin)]
        canvas.soft_line(open_curve(jaw) * (side, 1), -0.16 * grown(age), 0.22)
    canvas.shade(ellipse(0.1 * shape.turn, (shape.nose + shape.mouth) / 2 + 0.02, 0.3, 0.07), -0.14 * grown(age))
    if strength < 0.15:
        return
    colour = mix(SKIN_TONES[person.skin_tone], _hair_colour(person, age), 0.35 + 0.6 * strength)
    if strength > 0.55:
        _paint_full_beard(canvas, colour, shape)
    bristles = 60 + round(240 * strength)
    for x, y in _beard_places(shape, bristles, rng):
        end = (x + rng.normal(0, 0.03), y + 0.05 + 0.08 * strength)
        bristle = mix(colour, _strand(person, age, rng), 0.4)
        canvas.stroke(np.array([(x, y), end]), bristle, 0.02)


def _paint_full_beard(canvas: Canvas, colour: Colour, shape: Proportions) -> None:
    half, top = shape.mouth_width, (shape.nose + shape.mouth) / 2 - 0.02
    jaw = [(shape.temple * 0.97, 0.3 * shape.chin), (shape.jaw + 0.04, 0.72 * shape.chin)]
    jaw += [(shape.chin_width, shape.chin + 0.06)]
    cheek = [(half + 0.2, 0.8 * shape.mouth), (0.86 * shape.temple, 0.45 * shape.chin)]
    for side in (-1.0, 1.0):
        around_mouth = [(0.0, shape.mouth + 3.2 * shape.lips), (half + 0.06, shape.mouth + 0.05), (half * 0.8, top)]
        canvas.fill(closed_curve([*jaw, (0.0, shape.chin + 0.08), *around_mouth, *cheek]) * (side, 1), colour)
        moustache = [(0.0, top - 0.02), (half * 0.8, top), (half + 0.1, shape.mouth + 0.04)]
        moustache += [(half * 0.5, shape.mouth - shape.lips * 0.9), (0.0, shape.mouth - shape.lips * 0.9)]
        canvas.fill(closed_curve(moustache) * (side, 1), colour)


def _is_long(person: Person, age: float) -> bool:
    return person.long_hair and age > 2


def _hair_colour(person: Person, age: float) -> Colour:
    return mix(person.hair_colour, GREY_HAIR, 0.92 * greyed(person, age))


def _strand(person: Person, age: float, rng: np.random.Generator) -> Colour:
    own = GREY_HAIR if rng.random() < greyed(person, age) else person.hair_colour
    return darker(mix(_hair_colour(person, age), own, 0.45), float(rng.uniform(0.78, 1.22)))


def _hairline(person: Person, age: float, shape: Proportions, baldness: float, rng: np.random.Generator) -> Points:
    middle = -0.92 + 0.08 * rng.normal() + 0.75 * baldness * (shape.skull_top + 0.92)
    if person.fringe and baldness < 0.2 and age > 2:
        middle = -0.5 + 0.05 * rng.normal()
    part = float(rng.uniform(-0.3, 0.3))
    temple = shape.temple * 0.96
    points = [(-temple, -0.15), (-0.88 * temple, -0.6), (-0.5 * temple, middle + 0.06), (part, middle - 0.05)]
    points += [(0.5 * temple, middle + 0.06), (0.88 * temple, -0.6), (temple, -0.15)]
    return open_curve(points)


def _paint_strands(
    canvas: Canvas,
    person: Person,
    age: float,
    shape: Proportions,
    hairline: Points,
    volume: float,
    rng: np.random.Generator,
) -> None:
    crown = np.array((0.0, shape.skull_top * 0.95 - volume * 0.5))
    for end in hairline[rng.integers(2, len(hairline) - 2, 46)]:
        bend = (crown + end) / 2 + (0.25 * end[0], -0.06)
        start = rng.normal((0.45 * end[0], crown[1]), 0.05)
        canvas.stroke(open_curve([tuple(start), tuple(bend), tuple(end)]), _strand(person, age, rng), 0.028)


def _paint_sides(
    canvas: Canvas, person: Person, age: float, shape: Proportions, end: float, rng: np.random.Generator
) -> None:
    if age < 1.5:
        return
    colour = _hair_colour(person, age)
    for side in (-1.0, 1.0):
        edge = shape.temple
        lock = [(edge * 0.9, -0.85), (edge * 0.95, -0.25), (edge * 1.0, end), (edge + 0.1, end * 0.8)]
        lock += [(edge + 0.17, -0.3), (edge * 1.04, -0.9)]
        canvas.fill(closed_curve(lock) * (side, 1), colour)
        for x in rng.uniform(edge * 0.93, edge + 0.13, 8):
            strand = [(x - 0.05, -0.8), (x, -0.3), (x + 0.02, end * 0.85)]
            canvas.stroke(open_curve(strand) * (side, 1), _strand(person, age, rng), 0.028)


def _beard_places(shape: Proportions, count: int, rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(-1.25, 1.25, count)
    depth = rng.uniform(0.72, 1.0, count)
    x = np.sin(turn) * shape.jaw * depth * 1.05
    y = 0.45 * shape.chin + np.cos(turn) * 0.52 * shape.chin * depth
    moustache = rng.random(count) < 0.22
    x[moustache] = rng.uniform(-0.34, 0.34, moustache.sum()) + 0.1 * shape.turn
    y[moustache] = (shape.nose + shape.mouth) / 2 + rng.uniform(-0.03, 0.04, moustache.sum())
    on_mouth = (abs(x) < shape.mouth_width * 1.05) & (abs(y - shape.mouth - 0.02) < 0.12) & ~moustache
    return np.stack([x, y], axis=1)[~on_mouth]
