"""Defines the settings of alignment in the configuration file."""

from typing import Annotated

from pydantic import AfterValidator, Field

from visage.errors import quoted
from visage.faces.detectors import DETECTORS
from visage.settings import Settings

NO_DETECTOR = "none"

Fraction = Annotated[float, Field(ge=0, le=1)]


def _known_detector(name: str) -> str:
    known = (*DETECTORS, NO_DETECTOR)
    if name not in known:
        raise ValueError(f"must be one of {', '.join(known)}, not {quoted(name)}")
    return name


class AlignmentSettings(Settings):
    """The geometry of crops. The defaults are UTKFace's."""

    detector: Annotated[str, AfterValidator(_known_detector)] = Field(
        "blazeface", description=f"{', '.join(DETECTORS)}; {NO_DETECTOR}: the images are crops already"
    )
    size: int = Field(112, ge=32, le=1024, description="pixels; side of the square crop")
    eye_distance: float = Field(0.39, gt=0.05, lt=0.9, description="distance of the eye centres, of the side")
    eye_middle: tuple[Fraction, Fraction] = Field((0.50, 0.30), description="middle of the eyes (x, y), of the side")
    jpeg_quality: int = Field(95, ge=50, le=100, description="quality of the written crop")
