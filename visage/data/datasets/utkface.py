"""Defines UTKFace: aligned and cropped faces, labelled by their file names."""

from typing import TYPE_CHECKING, Any

from visage.data.age_labels import AgeInterval
from visage.data.datasets.spec import ArchiveFiles, DatasetSpec

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

_HOMEPAGE = "https://susanqq.github.io/UTKFace/"


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    age = row.int("age")
    return {
        "key": row.text("file_name"),
        "age_label": None if age < 0 else AgeInterval.exact(float(age)),
        "identity": f"utkface/{row.image_digest[:16]}",
        "race": row.race,
    }


UTKFACE = DatasetSpec(
    name="utkface",
    source="utkface",
    read_row=_read_row,
    files=ArchiveFiles(
        root="UTKFace", hint=f"download UTKFace.tar.gz (aligned and cropped faces) from {_HOMEPAGE} into it"
    ),
    homepage=_HOMEPAGE,
    terms=f"UTKFace: for non-commercial research only; the copyright stays with the owners ({_HOMEPAGE})",
    face_box=(0.0, 0.0, 1.0, 1.0),
)
