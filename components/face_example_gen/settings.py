"""Settings of FaceExampleGen, as they stand in the configuration file."""

from typing import Literal

from pydantic import Field, model_validator

from components.faces.settings import AlignmentSettings, CleaningSettings, SplitSettings
from components.settings import Settings

Dataset = Literal["imdb_wiki/imdb", "imdb_wiki/wiki", "adience/faces", "adience/aligned", "utkface"]


class SamplePortraitsSettings(Settings):
    """Drawn portraits, for when there is no folder with real archives."""

    count: int = Field(1800, ge=30, le=1_000_000, description="portraits drawn, shared evenly among the sources")
    seed: int = Field(7, ge=0, le=2**32 - 1, description="the same seed draws the same pictures")


class DataSettings(Settings):
    """Where the pictures come from."""

    dir: str | None = Field(None, description="folder with the archives as published; null: draw sample portraits")
    sources: list[Dataset] = Field(min_length=1, description="TFDS data sets to read")
    sample_portraits: SamplePortraitsSettings = SamplePortraitsSettings()

    @model_validator(mode="after")
    def _each_source_once(self) -> "DataSettings":
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("a source is named twice")
        return self


class BeamSettings(Settings):
    """How Beam runs."""

    workers: int = Field(0, ge=0, le=512, description="processes; 0: one a core")


class FaceExampleGenSettings(Settings):
    """Everything FaceExampleGen needs; it travels as JSON in one execution property."""

    data: DataSettings
    cleaning: CleaningSettings = CleaningSettings()
    alignment: AlignmentSettings = AlignmentSettings()
    split: SplitSettings = SplitSettings()
    beam: BeamSettings = BeamSettings()
    data_root: str = Field(description="absolute; drawn portraits and prepared TFDS data sets are kept under it")
