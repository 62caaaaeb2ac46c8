"""Drawn portraits in IMDB-WIKI's layout: `imdb_crop/`, `wiki_crop/`, each with images in 00 to 99 and a .mat file."""

import datetime
import io
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.io import savemat

from tfds_builders.imdb_wiki.famous_people import FamousPerson, famous_person
from tfds_builders.sample_portraits.image import Damage, DrawnImage, place
from tfds_builders.sample_portraits.layout import Layout, spread_defects
from tfds_builders.sample_portraits.person import OLDEST, draw_age, draw_person
from tfds_builders.sample_portraits.photo import Sitter

Half = Literal["imdb", "wiki"]
DEFECTS = (
    "second_face",
    "no_face_score",
    "gender_unknown",
    "name_blank",
    "born_in_year_0",
    "taken_before_birth",
    "picture_missing",
    "nobody",
    "truncated",
    "empty",
)
_MATLAB_DAY_OF_ORDINAL_0 = 366
# As in MATLAB's own files. scipy would write the time of day, so that no two drawings would be identical.
_MAT_HEADER = b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Sat Jan 16 16:25:20 2016".ljust(116)


@dataclass(frozen=True)
class _Row:
    """One row of the .mat file."""

    dob: int
    photo_taken: int
    full_path: str
    gender: float
    name: str
    face_location: tuple[float, ...]
    face_score: float
    second_face_score: float
    celebrity: int


def lay_out(rows: int, seed: int, configs: set[Half]) -> Layout:
    """Plans one half of the archive with `rows` images; some people are in both halves."""
    (half,) = configs
    number = {"imdb": 2, "wiki": 3}[half]
    rng = np.random.default_rng((seed, number))
    defects = spread_defects(DEFECTS, rows, rng)
    layout = Layout()
    table: list[_Row] = []
    names: list[str] = []
    while len(table) < rows:
        # Every fourth person of the Wikipedia half is one of the first people of the IMDb half.
        shared = half == "imdb" or len(names) % 4 == 0
        person = famous_person(seed, len(names) if shared else 10**6 + len(names))
        names.append(person.name)
        for _ in range(min(int(rng.integers(1, 6 if half == "imdb" else 3)), rows - len(table))):
            defect = defects.get(len(table), "")
            row, age = _row(person, len(names) - 1, len(table), half, rng)
            _add_image(layout, person, age, row, (seed, number, len(table)), half, defect, rng)
            table.append(_mislabelled(row, defect))
    layout.files[f"imdb_wiki/{half}_crop/{half}.mat"] = _mat_file(table, names, half)
    return layout


def _row(person: FamousPerson, celebrity: int, number: int, half: Half, rng: np.random.Generator) -> tuple[_Row, float]:
    year = person.born.year + int(min(draw_age(rng), OLDEST - 1)) + 1
    age = (datetime.date(year, 7, 1) - person.born).days / 365.25
    left, top, side = float(rng.uniform(0, 300)), float(rng.uniform(0, 300)), float(rng.uniform(60, 300))
    row = _Row(
        dob=person.born.toordinal() + _MATLAB_DAY_OF_ORDINAL_0,
        photo_taken=year,
        full_path=_full_path(person, celebrity, number, year, half),
        gender=1.0 if person.traits.gender == "male" else 0.0,
        name=person.name,
        face_location=(left, top, left + side, top + side),
        face_score=float(np.clip(rng.normal(3.6, 1.1), 0.4, 7.3)),
        second_face_score=float("nan"),
        celebrity=celebrity + 1,
    )
    return row, age


def _full_path(person: FamousPerson, celebrity: int, number: int, year: int, half: Half) -> str:
    born = person.born
    if half == "wiki":
        page = 10000217 + 37 * number
        return f"{page % 100:02d}/{page}_{born.isoformat()}_{year}.jpg"
    return f"{celebrity % 100:02d}/nm{celebrity:07d}_rm{10**8 + number}_{born.year}-{born.month}-{born.day}_{year}.jpg"


def _add_image(
    layout: Layout,
    person: FamousPerson,
    age: float,
    row: _Row,
    seed: tuple[int, ...],
    half: Half,
    defect: str,
    rng: np.random.Generator,
) -> None:
    size = (int(rng.integers(200, 260)), int(rng.integers(200, 280)))
    middle = (float(rng.normal(0.5, 0.03)), float(rng.normal(0.45, 0.03)))
    sitters = [place(person.traits, age, size, float(rng.normal(0.25, 0.02)), middle, float(rng.normal(0, 8)))]
    if defect == "second_face":
        size = (size[0] + 110, size[1])
        sitters = [replace(sitters[0], eye_middle=(0.3 * size[0], sitters[0].eye_middle[1])), _neighbour(size, rng)]
    if defect == "nobody":
        sitters = []
    damage: Damage = "truncated" if defect == "truncated" else "empty" if defect == "empty" else ""
    if defect != "picture_missing":
        path = f"imdb_wiki/{half}_crop/{row.full_path}"
        layout.images.append(DrawnImage(path, *size, tuple(sitters), seed, damage))


def _neighbour(size: tuple[int, int], rng: np.random.Generator) -> Sitter:
    return place(
        draw_person(rng), draw_age(rng), size, 0.2, (0.5 + 0.28 * size[0] / size[1], 0.5), float(rng.normal(0, 6))
    )


def _mislabelled(row: _Row, defect: str) -> _Row:
    match defect:
        case "second_face":
            return replace(row, second_face_score=2.4)
        case "no_face_score" | "nobody":
            return replace(row, face_score=float("-inf"), face_location=(1, 1, 240, 260))
        case "gender_unknown":
            return replace(row, gender=float("nan"))
        case "name_blank":
            return replace(row, name="")
        case "born_in_year_0":
            return replace(row, dob=_MATLAB_DAY_OF_ORDINAL_0 // 2)
        case "taken_before_birth":
            return replace(row, photo_taken=row.photo_taken - 110)
    return row


def _mat_file(rows: list[_Row], names: list[str], half: Half) -> bytes:
    struct = {
        "dob": np.array([[row.dob for row in rows]], np.int32),
        "photo_taken": np.array([[row.photo_taken for row in rows]], np.uint16),
        "full_path": _cells([np.array([row.full_path]) for row in rows]),
        "gender": np.array([[row.gender for row in rows]], np.float64),
        "name": _cells([np.array([row.name]) if row.name else np.array([], "<U1") for row in rows]),
        "face_location": _cells([np.array([row.face_location], _location_type(row)) for row in rows]),
        "face_score": np.array([[row.face_score for row in rows]], np.float64),
        "second_face_score": np.array([[row.second_face_score for row in rows]], np.float64),
    }
    if half == "imdb":
        struct["celeb_names"] = _cells([np.array([name]) for name in names])
        struct["celeb_id"] = np.array([[row.celebrity for row in rows]], np.uint16)
    stream = io.BytesIO()
    savemat(stream, {half: struct}, do_compression=True)
    return _MAT_HEADER + stream.getvalue()[len(_MAT_HEADER) :]


def _location_type(row: _Row) -> type:
    # Where no face was found the real file holds the whole image's size in small integers.
    return np.uint16 if np.isneginf(row.face_score) else np.float64


def _cells(values: list[np.ndarray]) -> np.ndarray:
    cells = np.empty((1, len(values)), object)
    for column, value in enumerate(values):
        cells[0, column] = value
    return cells
