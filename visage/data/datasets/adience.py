"""Defines Adience: faces from Flickr albums in five folds, published in two ways."""

from typing import TYPE_CHECKING, Any

from visage.data.datasets.spec import ArchiveFiles, DatasetSpec
from visage.data.labels import AGE_GROUPS

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

_HOMEPAGE = "https://talhassner.github.io/home/projects/Adience/Adience-data.html"
# Source: Eidinger, Enbar and Hassner, Age and gender estimation of unfiltered faces, TIFS 2014.
_FOLDS = 5
_TABLES = tuple(f"fold_{fold}_data.txt" for fold in range(_FOLDS))


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    age, group = row.int("age"), row.int("age_group")
    user = row.text("user_id")
    return {
        "key": f"{user}/{row.int('face_id')}/{row.text('original_image')}",
        "age": None if age < 0 else float(age),
        "age_group": group if group < len(AGE_GROUPS) else None,
        "identity": f"adience/{user}",
        "fold": row.int("fold"),
    }


def _spec(config: str) -> DatasetSpec:
    return DatasetSpec(
        name=f"adience/{config}",
        source="adience",
        read_row=_read_row,
        files=ArchiveFiles(
            root=config,
            folder="adience",
            tables=_TABLES,
            hint=f"ask for access at {_HOMEPAGE} and put {_TABLES[0]} to {_TABLES[-1]}, faces.tar.gz and "
            "aligned.tar.gz into adience/",
        ),
        homepage=_HOMEPAGE,
        terms=f"Adience: for non-commercial research only; the authors grant access ({_HOMEPAGE})",
        published_folds=_FOLDS,
        face_box=(0.25, 0.25, 0.75, 0.75),
    )


ADIENCE_FACES, ADIENCE_ALIGNED = _spec("faces"), _spec("aligned")
