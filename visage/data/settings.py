"""Defines the settings of cleaning and split in the configuration file."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from visage.data.protocols import PROTOCOLS
from visage.settings import Settings

if TYPE_CHECKING:
    _Protocol = str
else:
    _Protocol = Literal[tuple(PROTOCOLS)]

SuspectLabels = Literal["keep", "report", "downweight", "drop"]
"""What becomes of labels of the training split that look wrong; "keep": none is judged."""


class CleaningSettings(Settings):
    """The rules for which records are kept."""

    min_face_score: float | None = Field(None, description="IMDB-WIKI: lowest detector score kept; null: any")
    face_score_above: float | None = Field(None, description="IMDB-WIKI: only higher scores are kept; null: any")
    second_face: Literal["drop", "keep"] = Field("drop", description="IMDB-WIKI: images with a second face")
    gender: Literal["known", "any"] = Field("any", description="'known' drops records whose gender is unknown")
    age: Literal["exact", "known", "any"] = Field(
        "any", description="'known' drops records whose age is unknown, 'exact' also those with an age group alone"
    )
    min_age: int = Field(0, ge=0, le=120, description="completed years; younger records are dropped")
    max_age: int = Field(100, ge=0, le=120, description="completed years; older records are dropped")
    imdb_wiki_age: Literal["middle_of_year", "year_difference"] = Field(
        "middle_of_year",
        description="IMDB-WIKI: age on 1 July of the photo's year, or that year less that of birth",
    )
    other_faces: Literal["keep", "ambiguous", "drop"] = Field(
        "ambiguous", description="images with several faces: none dropped, those with two candidates, or all"
    )
    min_face_size: int = Field(20, ge=0, description="pixels; smaller detected faces are dropped")
    conflicting_labels: Literal["drop", "majority"] = Field(
        "drop", description="byte-identical images whose labels disagree"
    )
    near_duplicate_distance: int = Field(
        7, ge=0, le=7, description="bits of 128 in which the perceptual hashes of near duplicates may differ"
    )

    @model_validator(mode="after")
    def _ages_in_order(self) -> "CleaningSettings":
        if self.min_age > self.max_age:
            raise ValueError(f"min_age {self.min_age} is above max_age {self.max_age}")
        return self


class SplitSettings(Settings):
    """The split of people into training, validation and test; nobody is in two of them."""

    method: Literal["holdout", "folds", "protocol"] = Field("holdout", description="how the identities are distributed")
    train: float = Field(0.7, gt=0, lt=1, description="fraction of the identities")
    val: float = Field(0.15, gt=0, lt=1, description="fraction of the identities")
    test: float = Field(0.15, gt=0, lt=1, description="fraction of the identities")
    folds: int | Literal["published"] = Field(5, description="folds: their number, or those that the source publishes")
    fold: int = Field(0, ge=0, description="folds: number of the test fold")
    protocol: _Protocol = Field("utkface_80_20", description="protocol: its name in the literature")
    repeat: int = Field(0, ge=0, le=1000, description="another number draws other folds")

    @model_validator(mode="after")
    def _whole(self) -> "SplitSettings":
        total = self.train + self.val + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train + val + test must be 1, not {total:g}")
        if isinstance(self.folds, int):
            if not 2 <= self.folds <= 100:
                raise ValueError(f"folds must be 2 to 100, or published, not {self.folds}")
            if self.method == "folds" and self.fold >= self.folds:
                raise ValueError(f"fold must be 0 to {self.folds - 1}, not {self.fold}")
        return self
