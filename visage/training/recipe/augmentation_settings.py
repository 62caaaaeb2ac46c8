"""Defines the settings of augmentation in a recipe."""

from pydantic import Field

from visage.settings import Settings


class AugmentationSettings(Settings):
    """The limit of each random change of a training image; 0 (or false) switches it off."""

    flip: bool = Field(True, description="mirror half of the images")
    shift: float = Field(0.05, ge=0, le=0.5, description="across and down, each at most this fraction of the side")
    zoom: float = Field(0.0, ge=0, le=0.5, description="larger or smaller, by at most this fraction")
    rotation: float = Field(0.0, ge=0, le=180, description="degrees to either side, at most")
    shear: float = Field(
        0.0, ge=0, le=1, description="rows move sideways, by at most this fraction of their distance from the middle"
    )
    brightness: float = Field(0.1, ge=0, le=1, description="lighter or darker, by at most this fraction of the range")
    contrast: float = Field(0.1, ge=0, lt=1, description="stronger or weaker, at most by this fraction")
    saturation: float = Field(
        0.0, ge=0, le=1, description="stronger or weaker colours, at most by this fraction; grey networks have none"
    )
    lighting: float = Field(
        0.0, ge=0, le=1, description="deviation of a random step along an image's own principal colours"
    )
    erasing: float = Field(0.0, ge=0, le=1, description="fraction of the images in which a rectangle becomes noise")
    erasing_fraction: float = Field(0.33, gt=0, le=0.5, description="largest fraction of the image to erase")
    mixup: float = Field(
        0.0, ge=0, le=1, description="mix two images and their labels by Beta(mixup, mixup); 1: by any fraction"
    )

    @property
    def flip_only(self) -> "AugmentationSettings":
        """Returns settings with the same mirroring and no other change."""
        others = [key for key in type(self).model_fields if key not in ("flip", "erasing_fraction")]
        return AugmentationSettings(flip=self.flip, **dict.fromkeys(others, 0))

    @property
    def changes(self) -> dict[str, bool | float]:
        """Returns the limits of the changes that are switched on, by key."""
        off = ("erasing_fraction",) if not self.erasing else ()
        return {key: value for key, value in self if value and key not in off}
