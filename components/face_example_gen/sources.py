"""From a prepared record, as its TFDS builder wrote it, to a FaceRecord: one adapter a data set."""

import hashlib
import math
import re
from collections.abc import Callable
from typing import Any

from components.faces.cleaning import age_when_taken
from components.faces.example_proto import Example
from components.faces.records import GENDERS, RACES, UNKNOWN, FaceRecord, age_group

# The order of the builders' ClassLabel features.
_GENDERS = (*GENDERS, UNKNOWN)
_RACES = (*RACES, UNKNOWN)
# Adience's own groups, and those of its odd labels that the literature maps to one of them.
_ADIENCE_GROUPS = {
    "(0, 2)": 0, "(4, 6)": 1, "(8, 12)": 2, "(8, 13)": 2, "(15, 20)": 3, "(25, 32)": 4, "(25, 23)": 4,
    "(27, 32)": 4, "(38, 43)": 5, "(38, 42)": 5, "(38, 48)": 5, "(48, 53)": 6, "(60, 100)": 7,
}  # fmt: skip


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


def _utkface(features: _Features) -> dict[str, Any]:
    age = features.int("age")
    picture = features.bytes("image")
    return {
        "key": features.text("file_name"),
        "age": None if age < 0 else float(age),
        "age_group": None if age < 0 else age_group(age),
        "identity": f"utkface/{hashlib.sha256(picture).hexdigest()[:16]}",
        "source": "utkface",
        "race": _RACES[features.int("race")],
    }


def _adience(features: _Features) -> dict[str, Any]:
    age, group = read_adience_label(features.text("age_label"))
    user = features.text("user_id")
    return {
        "key": f"{user}/{features.int('face_id')}/{features.text('original_image')}",
        "age": age,
        "age_group": group,
        "identity": f"adience/{user}",
        "source": "adience",
        "fold": features.int("fold"),
    }


def _imdb_wiki(features: _Features, source: str) -> dict[str, Any]:
    year = features.int("photo_taken")
    age = age_when_taken(features.int("dob"), year) if 1 <= year <= 9999 else math.nan
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


_ADAPTERS: dict[str, Callable[[_Features], dict[str, Any]]] = {
    "utkface": _utkface,
    "adience/faces": _adience,
    "adience/aligned": _adience,
    "imdb_wiki/imdb": lambda features: _imdb_wiki(features, "imdb"),
    "imdb_wiki/wiki": lambda features: _imdb_wiki(features, "wiki"),
}


def to_record(dataset: str, serialized: bytes) -> FaceRecord:
    """Reads one prepared record.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces'.
        serialized: the tf.Example that the builder's features wrote.

    Returns: the record with its picture untouched; its key starts with `dataset`.
    """
    features = _Features(serialized)
    values = _ADAPTERS[dataset](features)
    return FaceRecord(
        **{**values, "key": f"{dataset}/{values['key']}"},
        image=features.bytes("image"),
        gender=_GENDERS[features.int("gender")],
    )


def read_adience_label(label: str) -> tuple[float | None, int | None]:
    """Age in years and index of the age group that an age label of Adience's fold files stands for.

    >>> read_adience_label("(25, 23)"), read_adience_label("35"), read_adience_label("None")
    ((None, 4), (35.0, 5), (None, None))
    """
    if re.fullmatch(r"\d+", label):
        age = float(label)
        return age, age_group(age)
    return None, _ADIENCE_GROUPS.get(label)
