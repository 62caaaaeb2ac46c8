"""Settings of augmentation, as they stand in a recipe."""

from pydantic import Field

from visage.settings import Settings


class AugmentationSettings(Settings):
    """How far each random change of a training image may go; 0 (or false) leaves it out."""

    flip: bool = Field(True, description="mirror half of the pictures")
    shift: float = Field(0.05, ge=0, le=0.5, description="across and down, each at most this fraction of the side")
    zoom: float = Field(0.0, ge=0, le=0.5, description="larger or smaller, at most by this fraction")
    rotation: float = Field(0.0, ge=0, le=180, description="degrees to either side, at most")
    shear: float = Field(
        0.0, ge=0, le=1, description="rows move sideways, at most by this fraction of their distance from the middle"
    )
    brightness: float = Field(0.1, ge=0, le=1, description="lighter or darker, at most by this fraction of the range")
    contrast: float = Field(0.1, ge=0, lt=1, description="stronger or weaker, at most by this fraction")
    saturation: float = Field(
        0.0, ge=0, le=1, description="stronger or weaker colours, at most by this fraction; grey networks have none"
    )
    lighting: float = Field(
        0.0, ge=0, le=1, description="deviation of a random step along an image's own principal colours"
    )
    erasing: float = Field(0.0, ge=0, le=1, description="fraction of the images in which a rectangle becomes noise")
    erasing_fraction: float = Field(0.33, gt=0, le=0.5, description="of the image, at most, that the rectangle takes")

    @property
    def changes(self) -> dict[str, bool | float]:
        """What is done to the images, by key: how far it may go."""
        off = ("erasing_fraction",) if not self.erasing else ()
        return {key: value for key, value in self if value and key not in off}
