"""Defines IMDB-WIKI: photos of famous people, cropped around the face, with dates from which ages are computed."""

import math
from datetime import date
from typing import TYPE_CHECKING, Any

from visage.data.age_labels import AgeInterval
from visage.data.datasets.spec import ArchiveFiles, DatasetSpec
from visage.data.labels import UNKNOWN

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

_HOMEPAGE = "https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/"
# MATLAB counts days from the year 0, Python from the year 1.
_MATLAB_DAYS_BEFORE_PYTHON = 366
_DAYS_A_YEAR = 365.2425


def age_when_taken(birth_datenum: int, year: int) -> float:
    """Returns the years from a MATLAB day of birth to the middle of the year in which a photo was taken.

    Args:
        birth_datenum: days, MATLAB's count; invalid dates give implausible ages, which the age rule drops.
        year: 1..9999.

    >>> round(age_when_taken(725373, 2010), 1)  # born 1986-01-01
    24.5
    """
    middle = date(year, 7, 1).toordinal() + _MATLAB_DAYS_BEFORE_PYTHON
    return (middle - int(birth_datenum)) / _DAYS_A_YEAR


def year_of_birth(birth_datenum: int) -> int:
    """Returns the year of a MATLAB day of birth; for invalid dates, the nearest year of Python's calendar.

    >>> year_of_birth(725373)
    1986
    """
    day = int(birth_datenum) - _MATLAB_DAYS_BEFORE_PYTHON
    return date.fromordinal(min(max(day, 1), date.max.toordinal())).year


def _read_row(row: "Features", settings: "CleaningSettings") -> dict[str, Any]:
    second = row.float("second_face_score")
    name = row.text("name").strip()
    return {
        "key": f"{row.text('full_path')}#{row.int('row')}",
        "age_label": AgeInterval.exact(_age(row.int("dob"), row.int("photo_taken"), settings)),
        "identity": f"imdb_wiki/{name}" if name else UNKNOWN,
        "face_score": row.float("face_score"),
        "second_face_score": None if math.isnan(second) else second,
    }


def _age(birth: int, year: int, settings: "CleaningSettings") -> float:
    if settings.imdb_wiki_age == "year_difference":
        return float(year - year_of_birth(birth))
    return age_when_taken(birth, year) if 1 <= year <= 9999 else math.nan


def _spec(half: str) -> DatasetSpec:
    return DatasetSpec(
        name=f"imdb_wiki/{half}",
        source=half,
        read_row=_read_row,
        files=ArchiveFiles(
            root=f"{half}_crop",
            folder="imdb_wiki",
            tables=(f"{half}.mat",),
            hint=f"download {half}_crop.tar ('faces only') from {_HOMEPAGE} into imdb_wiki/",
        ),
        homepage=_HOMEPAGE,
        terms="IMDB-WIKI: for academic (non-commercial) research only; the copyright stays with the owners "
        f"({_HOMEPAGE})",
        # The crops are their authors' box with 40 % of it on each side.
        face_box=(0.4 / 1.8, 0.4 / 1.8, 1.4 / 1.8, 1.4 / 1.8),
    )


IMDB, WIKI = _spec("imdb"), _spec("wiki")
