"""Settings of cleaning and alignment, as they stand in the configuration file."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.settings import Settings

Share = Annotated[float, Field(ge=0, le=1)]


class CleaningSettings(Settings):
    """Which records are kept."""

    min_face_score: float | None = Field(None, description="IMDB-WIKI: lowest detector score kept; null: any")
    second_face: Literal["drop", "keep"] = Field("drop", description="IMDB-WIKI: pictures with a second face")
    gender: Literal["known", "any"] = Field("any", description="'known' drops records whose gender is unknown")
    age: Literal["known", "any"] = Field("any", description="'known' drops records that give no age in years")
    min_age: float = Field(0, ge=0, le=120, description="years; younger records are dropped")
    max_age: float = Field(100, ge=0, le=120, description="years; older records are dropped")
    min_face_size: int = Field(20, ge=0, description="pixels; smaller detected faces are dropped")

    @model_validator(mode="after")
    def _ages_in_order(self) -> "CleaningSettings":
        if self.min_age > self.max_age:
            raise ValueError(f"min_age {self.min_age:g} is above max_age {self.max_age:g}")
        return self


class AlignmentSettings(Settings):
    """How a face becomes a crop. The defaults are UTKFace's own geometry."""

    detector: Literal["blazeface", "none"] = Field("blazeface", description="'none': the pictures are crops already")
    size: int = Field(112, ge=32, le=1024, description="pixels; side of the square crop")
    eye_distance: float = Field(0.39, gt=0.05, lt=0.9, description="distance of the eye centres, of the side")
    eye_middle: tuple[Share, Share] = Field((0.50, 0.30), description="middle of the eyes (x, y), of the side")
    jpeg_quality: int = Field(95, ge=50, le=100, description="quality of the written crop")
