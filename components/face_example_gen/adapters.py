"""From a prepared record, as its TFDS builder wrote it, to a FaceRecord: one adapter a data set."""

import math
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from components.face_example_gen.settings import LABELLED_FOLDER, labelled_folder_name
from visage.data.cleaning import age_when_taken, year_of_birth
from visage.data.example_proto import Example
from visage.data.labels import AGE_GROUPS, GENDERS, RACES, UNKNOWN, age_group, age_group_of_range
from visage.data.records import FaceRecord, picture_digest
from visage.faces.selection import Box
from visage.faces.settings import CleaningSettings

# The order of the builders' ClassLabel features.
_GENDERS = (*GENDERS, UNKNOWN)
_RACES = (*RACES, UNKNOWN)


class _Features:
    """Reads single values of a serialized tf.Example."""

    def __init__(self, serialized: bytes) -> None:
        self._feature = Example.FromString(serialized).features.feature

    def bytes(self, name: str) -> bytes:
        return self._feature[name].bytes_list.value[0]

    def text(self, name: str) -> str:
        return self.bytes(name).decode()

    def int(self, name: str) -> int:
        return self._feature[name].int64_list.value[0]

    def float(self, name: str) -> float:
        return self._feature[name].float_list.value[0]

    @cached_property
    def picture_digest(self) -> str:
        return picture_digest(self.bytes("image"))


def _utkface(features: _Features, settings: CleaningSettings) -> dict[str, Any]:
    age = features.int("age")
    return {
        "key": features.text("file_name"),
        "age": None if age < 0 else float(age),
        "age_group": None if age < 0 else age_group(age),
        "identity": f"utkface/{features.picture_digest[:16]}",
        "source": "utkface",
        "race": _RACES[features.int("race")],
    }


def _adience(features: _Features, settings: CleaningSettings) -> dict[str, Any]:
    age, group = features.int("age"), features.int("age_group")
    user = features.text("user_id")
    return {
        "key": f"{user}/{features.int('face_id')}/{features.text('original_image')}",
        "age": None if age < 0 else float(age),
        "age_group": group if group < len(AGE_GROUPS) else None,
        "identity": f"adience/{user}",
        "source": "adience",
        "fold": features.int("fold"),
    }


def _imdb_wiki(features: _Features, settings: CleaningSettings, source: str) -> dict[str, Any]:
    age = _imdb_wiki_age(features.int("dob"), features.int("photo_taken"), settings)
    second = features.float("second_face_score")
    name = features.text("name").strip()
    path = features.text("full_path")
    return {
        "key": f"{path}#{features.int('row')}",
        "age": age,
        "age_group": age_group(age),
        "identity": f"imdb_wiki/{name}" if name else UNKNOWN,
        "source": source,
        "face_score": features.float("face_score"),
        "second_face_score": None if math.isnan(second) else second,
    }


def _imdb_wiki_age(birth: int, year: int, settings: CleaningSettings) -> float:
    if settings.imdb_wiki_age == "year_difference":
        return float(year - year_of_birth(birth))
    return age_when_taken(birth, year) if 1 <= year <= 9999 else math.nan


def _labelled_folder(features: _Features, settings: CleaningSettings, name: str) -> dict[str, Any]:
    age, apparent_age = _unless_nan(features.float("age")), _unless_nan(features.float("apparent_age_mean"))
    best_age = apparent_age if age is None else age
    first, last, fold = features.int("age_from"), features.int("age_to"), features.int("fold")
    group = None if first < 0 else age_group_of_range(first, last)
    # What names nobody is somebody of its own, as in UTKFace.
    person = features.text("identity") or features.picture_digest[:16]
    return {
        "key": features.text("picture"),
        "age": best_age,
        "age_group": group if best_age is None else age_group(best_age),
        "identity": f"{LABELLED_FOLDER}/{name}/{person}",
        "source": name,
        "race": _RACES[features.int("race")],
        "fold": None if fold < 0 else fold,
        "apparent_age_mean": apparent_age,
        "apparent_age_std": _unless_nan(features.float("apparent_age_std")),
    }


def _unless_nan(number: float) -> float | None:
    return None if math.isnan(number) else number


_ADAPTERS: dict[str, Callable[[_Features, CleaningSettings], dict[str, Any]]] = {
    "utkface": _utkface,
    "adience/faces": _adience,
    "adience/aligned": _adience,
    "imdb_wiki/imdb": partial(_imdb_wiki, source="imdb"),
    "imdb_wiki/wiki": partial(_imdb_wiki, source="wiki"),
}


# x0, y0, x1, y1 in shares of width and height. IMDB-WIKI's crops are their authors' box with 40 % of it on each side.
_IN_THE_MIDDLE = (0.25, 0.25, 0.75, 0.75)
_WITHIN_THE_MARGIN = (0.4 / 1.8, 0.4 / 1.8, 1.4 / 1.8, 1.4 / 1.8)
_WHOLE = (0.0, 0.0, 1.0, 1.0)
_FACE_BOXES = {
    "adience": _IN_THE_MIDDLE,
    "imdb": _WITHIN_THE_MARGIN,
    "utkface": _WHOLE,
    "wiki": _WITHIN_THE_MARGIN,
}


def face_box(record: FaceRecord) -> Box | None:
    """Where in a picture the face lies that its source labels, for all that is cut out round faces; None: anywhere.

    Returns: x0, y0, x1, y1 in shares of width and height.
    """
    if record.face_score is not None and not math.isfinite(record.face_score):
        return None  # IMDB-WIKI's whole photos, on which its authors' detector found no face.
    return _FACE_BOXES.get(record.source)


def to_record(dataset: str, serialized: bytes, settings: CleaningSettings) -> FaceRecord:
    """Reads one prepared record.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces' or 'labelled_folder/NAME'.
        serialized: the tf.Example that the builder's features wrote.
        settings: say how IMDB-WIKI's ages are counted.

    Returns: the record with its picture untouched; its key starts with `dataset`.
    """
    features = _Features(serialized)
    folder = labelled_folder_name(dataset)
    read = _ADAPTERS[dataset] if folder is None else partial(_labelled_folder, name=folder)
    values = read(features, settings)
    return FaceRecord(
        **{**values, "key": f"{dataset}/{values['key']}"},
        image=features.bytes("image"),
        picture_digest=features.picture_digest,
        gender=_GENDERS[features.int("gender")],
    )
