"""Drawn portraits in UTKFace's layout: `UTKFace/[age]_[gender]_[race]_[datetime].jpg.chip.jpg`, 200x200 pixels."""

from dataclasses import replace

import numpy as np

from tfds_builders.sample_portraits.image import Damage, DrawnImage, place
from tfds_builders.sample_portraits.layout import Layout, spread_defects
from tfds_builders.sample_portraits.person import Person, draw_age, draw_person

SIDE = 200
RACES = 5
DEFECTS = (
    "race_missing",
    "dot_missing",
    "time_digits",
    "blank",
    "copy_of_another_age",
    "copy_of_another_gender",
    "nobody",
    "truncated",
    "empty",
)
_GENDER_DIGITS = {"male": 0, "female": 1}
_FIRST_TIME = 20170116000000000


def lay_out(rows: int, seed: int, configs: set[str]) -> Layout:
    """Plans an archive of `rows` images."""
    rng = np.random.default_rng((seed, 0))
    defects = spread_defects(DEFECTS, rows, rng)
    layout = Layout()
    for row in range(rows):
        person, age = draw_person(rng), draw_age(rng)
        image = _image(person, age, (seed, 0, row), rng)
        layout.images.extend(_with_defect(image, person, age, row, defects.get(row, ""), rng))
    return layout


def _image(person: Person, age: float, seed: tuple[int, ...], rng: np.random.Generator) -> DrawnImage:
    # UTKFace's own geometry, measured: eyes 0.396 of the side apart (5-95 %: 0.35-0.44), middle at (0.49, 0.30).
    middle = (float(rng.normal(0.49, 0.012)), float(rng.normal(0.30, 0.015)))
    sitter = place(person, age, (SIDE, SIDE), float(rng.normal(0.396, 0.025)), middle, float(rng.normal(0, 3.0)))
    return DrawnImage("", SIDE, SIDE, (sitter,), seed)


def _with_defect(
    image: DrawnImage, person: Person, age: float, row: int, defect: str, rng: np.random.Generator
) -> list[DrawnImage]:
    gender, race = _GENDER_DIGITS[person.gender], int(rng.integers(RACES))
    time = f"{_FIRST_TIME + 1009 * row}"
    stem = f"{int(age)}_{gender}_{race}_{time}"
    first = replace(image, path=f"UTKFace/{_name(stem, defect, time)}")
    if defect == "nobody":
        return [replace(first, sitters=())]
    if defect in ("truncated", "empty"):
        damage: Damage = "truncated" if defect == "truncated" else "empty"
        return [replace(first, damage=damage)]
    if defect == "copy_of_another_age":
        return [first, replace(image, path=f"UTKFace/{int(age) + 9}_{gender}_{race}_{time}.jpg.chip.jpg")]
    if defect == "copy_of_another_gender":
        return [first, replace(image, path=f"UTKFace/{int(age)}_{1 - gender}_{race}_{time}.jpg.chip.jpg")]
    return [first]


def _name(stem: str, defect: str, time: str) -> str:
    age, gender, race, _ = stem.split("_")
    return {
        "race_missing": f"{age}_{gender}_{time}.jpg.chip.jpg",
        "dot_missing": f"{stem}jpg.chip.jpg",
        "time_digits": f"{age}_{gender}_{race}_{time[:-1]}.jpg.chip.jpg",
        "blank": f"{stem} .jpg.chip.jpg",
    }.get(defect, f"{stem}.jpg.chip.jpg")
