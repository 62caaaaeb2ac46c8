"""Defines Adience: faces from Flickr albums in five folds, published in two ways."""

from typing import TYPE_CHECKING, Any

from visage.data.age_labels import GROUP_INTERVALS, AgeInterval
from visage.data.datasets.spec import ArchiveFiles, DatasetSpec

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

_HOMEPAGE = "https://talhassner.github.io/home/projects/Adience/Adience-data.html"
# Source: Eidinger, Enbar and Hassner, Age and gender estimation of unfiltered faces, TIFS 2014.
_FOLDS = 5
_TABLES = tuple(f"fold_{fold}_data.txt" for fold in range(_FOLDS))


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    user = row.text("user_id")
    return {
        "key": f"{user}/{row.int('face_id')}/{row.text('original_image')}",
        "age_label": _age_label(row.int("age"), row.int("age_group")),
        "identity": f"adience/{user}",
        "fold": row.int("fold"),
    }


def _age_label(age: int, group: int) -> AgeInterval | None:
    """Returns the exact age where the label is a bare number, else its group; the last group stands for unknown."""
    if age >= 0:
        return AgeInterval.exact(float(age))
    return GROUP_INTERVALS[group] if group < len(GROUP_INTERVALS) else None


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
