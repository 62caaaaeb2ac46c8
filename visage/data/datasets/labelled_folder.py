"""Defines the user's own images with a table of labels: `labelled_folder/NAME`, a data set for each NAME."""

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from visage.data.age_labels import AgeInterval
from visage.data.datasets.spec import DatasetSpec

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

LABELLED_FOLDER = "labelled_folder"
BOX_COLUMNS = ("face_x0", "face_y0", "face_x1", "face_y1")
"""The standard columns of the box of the labelled face: left, top, right and bottom in pixels of the upright image."""

LABEL_COLUMNS = (
    "image",
    "age",
    "age_group",
    "gender",
    "identity",
    "race",
    "fold",
    "apparent_age_mean",
    "apparent_age_std",
    *BOX_COLUMNS,
)
"""The standard columns of a labels file. The first, an image or its path, is required."""

OLDER_NAMES = {"image": "picture"}
"""Standard column to its older name, which is still read."""


def by_newer_names(columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """Returns a mapping from standard columns with older names replaced.

    Raises:
        ValueError: it has both names of a column.
    """
    for name, older in OLDER_NAMES.items():
        if name in columns and older in columns:
            raise ValueError(f"{older} is the older name of {name}: leave {older} out")
    newer = {older: name for name, older in OLDER_NAMES.items()}
    return {newer.get(column, column): name for column, name in columns.items()}


def labelled_folder_name(dataset: str) -> str | None:
    """Returns the NAME in `labelled_folder/NAME`; None for a published data set."""
    kind, _, name = dataset.partition("/")
    return name if kind == LABELLED_FOLDER else None


def labelled_folder_spec(name: str) -> DatasetSpec:
    """Returns the data set of the labelled folder NAME, whose records carry that name as their source."""
    return DatasetSpec(name=f"{LABELLED_FOLDER}/{name}", source=name, read_row=partial(_read_row, folder=name))


def _read_row(row: "Features", settings: "CleaningSettings", folder: str) -> dict[str, Any]:
    low, high = row.float("age_low"), row.float("age_high")
    label = None if math.isnan(low) else AgeInterval(low, high)
    apparent_age, fold = _unless_nan(row.float("apparent_age_mean")), row.int("fold")
    if apparent_age is not None and (label is None or label.age is None):
        label = AgeInterval.exact(apparent_age)
    box = row.floats("face_box")
    # An image without a person is a person of its own, as in UTKFace.
    person = row.text("identity") or row.image_digest[:16]
    return {
        "key": row.text("picture"),
        "age_label": label,
        "face_box": None if math.isnan(box[0]) else box,
        "identity": f"{LABELLED_FOLDER}/{folder}/{person}",
        "race": row.race,
        "fold": None if fold < 0 else fold,
        "apparent_age_mean": apparent_age,
        "apparent_age_std": _unless_nan(row.float("apparent_age_std")),
    }


def _unless_nan(number: float) -> float | None:
    return None if math.isnan(number) else number
