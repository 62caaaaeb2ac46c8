"""Drawn portraits in Adience's layout: five fold files, `faces/` with landmarks, `aligned/`."""

from dataclasses import dataclass, replace

import numpy as np

from tfds_builders.adience.landmarks_file import landmarks_file
from tfds_builders.sample_portraits.image import Damage, DrawnImage, place
from tfds_builders.sample_portraits.layout import Layout, spread_defects
from tfds_builders.sample_portraits.person import Person, draw_person
from visage.data.datasets import archive_files

SIDE = 240  # 816 in the real archive
TABLES = archive_files("adience/faces").tables
FOLDS = len(TABLES)
AGE_LABELS = ("(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)", "(25, 32)", "(38, 43)", "(48, 53)", "(60, 100)")
OTHER_LABELS = ("35", "13", "22", "34", "45", "55", "57", "(27, 32)", "(38, 48)", "(38, 42)", "(8, 23)")
DEFECTS = (
    "swapped_label",
    "bare_integer",
    "other_label",
    "no_age",
    "gender_u",
    "gender_blank",
    "duplicate_row",
    "copy_with_another_label",
    "picture_missing",
    "nobody",
    "truncated",
    "empty",
)
COLUMNS = (
    "user_id",
    "original_image",
    "face_id",
    "age",
    "gender",
    "x",
    "y",
    "dx",
    "dy",
    "tilt_ang",
    "fiducial_yaw_angle",
    "fiducial_score",
)
_OLDEST = 92


@dataclass(frozen=True)
class _Face:
    """One row of a fold file, and the content of its images."""

    person: Person
    age: float
    user: str
    face_id: int
    image: str
    age_label: str
    gender: str
    fold: int
    measures: tuple[int, ...]

    def row(self) -> str:
        fields = (self.user, self.image, self.face_id, self.age_label, self.gender, *self.measures)
        return "\t".join(str(field) for field in fields)


def lay_out(rows: int, seed: int, configs: set[str]) -> Layout:
    """Plans an archive of `rows` faces, with those of the folders `faces` and `aligned` that `configs` names."""
    rng = np.random.default_rng((seed, 1))
    faces = _draw_faces(rows, rng)
    defects = {faces[row]: defect for row, defect in spread_defects(DEFECTS, rows, rng).items()}
    layout = Layout()
    lines: dict[int, list[str]] = {fold: [] for fold in range(FOLDS)}
    for number, face in enumerate(faces):
        defect = defects.get(face, "")
        shown = _mislabelled(face, defect, rng)
        lines[face.fold].extend([shown.row()] * (2 if defect == "duplicate_row" else 1))
        if defect != "picture_missing":
            _add_images(layout, shown, (seed, 1, number), defect, configs, rng)
        if defect == "copy_with_another_label":
            copy = replace(shown, image=f"9{shown.image}", age_label=_another_label(shown.age_label))
            lines[face.fold].append(copy.row())
            layout.images.extend(
                replace(image, path=image.path.replace(shown.image, copy.image))
                for image in layout.images[-len(configs) :]
            )
    for fold in range(FOLDS):
        layout.files[f"adience/{TABLES[fold]}"] = _fold_file(lines[fold])
        # The frontal protocol keeps the faces that look straight into the camera.
        frontal = [line for line in lines[fold] if line.split("\t")[COLUMNS.index("fiducial_yaw_angle")] == "0"]
        layout.files[f"adience/fold_frontal_{fold}_data.txt"] = _fold_file(frontal)
    return layout


def _draw_faces(rows: int, rng: np.random.Generator) -> list[_Face]:
    faces: list[_Face] = []
    user = 0
    while len(faces) < rows:
        user += 1
        person, group = draw_person(rng), int(rng.integers(len(AGE_LABELS)))
        for photo in range(min(int(rng.integers(1, 6)), rows - len(faces))):
            image = f"{10**10 + 1009 * len(faces)}_{int(rng.integers(16**10)):010x}_o.jpg"
            fold = user % FOLDS
            faces.append(_draw_face(person, group, f"{30000000 + user}@N0{fold}", image, 100 * user + photo, fold, rng))
    return faces


def _draw_face(
    person: Person, group: int, user: str, image: str, face_id: int, fold: int, rng: np.random.Generator
) -> _Face:
    low, high = (int(number) for number in AGE_LABELS[group].strip("()").split(","))
    age = float(rng.uniform(low, min(high + 1, _OLDEST)))
    corner, side = rng.integers(0, 2000, 2).tolist(), int(rng.integers(80, 1800))
    yaw = int(rng.choice((-45, -30, -15, 0, 0, 0, 0, 15, 30, 45)))
    measures = (*corner, side, side, int(rng.choice((-15, -5, 0, 0, 5, 15))), yaw, int(rng.integers(5, 150)))
    return _Face(person, age, user, face_id, image, AGE_LABELS[group], person.gender[0], fold, measures)


def _mislabelled(face: _Face, defect: str, rng: np.random.Generator) -> _Face:
    if defect == "swapped_label":
        return replace(face, age=float(rng.uniform(25, 33)), age_label="(25, 23)")
    if defect == "bare_integer":
        return replace(face, age=35.5, age_label="35")
    if defect == "other_label":
        label = str(rng.choice(OTHER_LABELS))
        low = int(label.strip("()").split(",")[0])
        return replace(face, age=low + 2.0, age_label=label)
    if defect == "no_age":
        return replace(face, age_label="None", gender="")
    if defect == "gender_u":
        return replace(face, age=1.0, age_label="(0, 2)", gender="u")
    return replace(face, gender="") if defect == "gender_blank" else face


def _another_label(label: str) -> str:
    return AGE_LABELS[(AGE_LABELS.index(label) + 2) % len(AGE_LABELS)]


def _add_images(
    layout: Layout, face: _Face, seed: tuple[int, ...], defect: str, configs: set[str], rng: np.random.Generator
) -> None:
    damage: Damage = "truncated" if defect == "truncated" else "empty" if defect == "empty" else ""
    for number, config in enumerate(sorted(configs)):
        prefix, tilt = ("landmark_aligned_face", 2.0) if config == "aligned" else ("coarse_tilt_aligned_face", 7.0)
        middle = (float(rng.normal(0.5, 0.02)), float(rng.normal(0.44, 0.02)))
        distance = float(rng.normal(0.245, 0.015))
        sitter = place(face.person, face.age, (SIDE, SIDE), distance, middle, float(rng.normal(0, tilt)))
        path = f"adience/{config}/{face.user}/{prefix}.{face.face_id}.{face.image}"
        sitters = () if defect == "nobody" else (sitter,)
        layout.images.append(DrawnImage(path, SIDE, SIDE, sitters, (*seed, number), damage))
        if config == "faces":
            stem = f"adience/faces/{face.user}/landmarks.{face.face_id}.{face.image}"
            layout.files[stem.removesuffix(".jpg") + ".txt"] = landmarks_file(sitter, face.measures[-1])


def _fold_file(lines: list[str]) -> bytes:
    return ("\n".join(["\t".join(COLUMNS), *lines]) + "\n").encode()
