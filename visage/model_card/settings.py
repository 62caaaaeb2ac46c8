"""Defines the settings of the model card."""

from pydantic import Field

from visage.settings import Settings


class ModelCardSettings(Settings):
    """What the model card shows."""

    faces: bool = Field(True, description="whether images of the test split show the worst and the typical errors")
