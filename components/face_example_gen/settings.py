"""Settings of FaceExampleGen, as they stand in the configuration file."""

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from visage.data.datasets import DATASETS, published_sources
from visage.data.datasets.labelled_folder import LABEL_COLUMNS, LABELLED_FOLDER, by_newer_names, labelled_folder_name
from visage.data.settings import CleaningSettings, SplitSettings
from visage.errors import quoted
from visage.faces.settings import AlignmentSettings
from visage.paths import instead_of_url
from visage.settings import ExpandedPath, LocalPath, Settings

_FOLDER_NAME = r"[a-z][a-z0-9_]*"


def _known_source(source: str) -> str:
    name = labelled_folder_name(source)
    if name is None and source not in DATASETS:
        allowed = ", ".join(map(repr, DATASETS))
        raise PydanticCustomError("source", f"must be {allowed} or '{LABELLED_FOLDER}/NAME'")
    if name is not None and not re.fullmatch(_FOLDER_NAME, name):
        raise PydanticCustomError("source", f"must be '{LABELLED_FOLDER}/NAME', NAME a letter and then a-z, 0-9 and _")
    if name in published_sources():
        raise PydanticCustomError(
            "source", f"must be a labelled folder of another name: '{name}' is a published data set"
        )
    return source


def _within_the_folder(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{quoted(path)} must be a path within the labelled folder")
    # Normalized, because paths such as `./labels.csv` and `labels.csv` are compared as texts.
    return PurePosixPath(path).as_posix()


SourceName = Annotated[str, AfterValidator(_known_source)]
"""A name in DATASETS, or `labelled_folder/NAME`."""

_PathWithin = Annotated[LocalPath, StringConstraints(min_length=1), AfterValidator(_within_the_folder)]
if TYPE_CHECKING:
    _LabelColumn = str
else:
    _LabelColumn = Literal[LABEL_COLUMNS]


class LabelledFolderSettings(Settings):
    """How to read one folder of images and its labels file."""

    labels: _PathWithin | None = Field(
        None, description="the labels file, or a pattern of several; null: labels.csv or labels.parquet"
    )
    pictures: _PathWithin = Field(".", description="folder to which the paths of the images are relative")
    separator: str = Field(",", min_length=1, max_length=1, description="between the fields of a CSV")
    columns: dict[_LabelColumn, str | None] = Field(
        default_factory=dict, description="standard column to what the labels file calls it; null: it has none"
    )

    @field_validator("columns", mode="before")
    @classmethod
    def _by_newer_names(cls, columns: Any) -> Any:
        return by_newer_names(columns) if isinstance(columns, dict) else columns


class SamplePortraitsSettings(Settings):
    """Sample portraits, which are drawn when there is no folder with real archives."""

    count: int = Field(1800, ge=30, le=1_000_000, description="portraits drawn, distributed evenly among the sources")
    seed: int = Field(7, ge=0, le=2**32 - 1, description="the same seed draws the same images")


# The name of a file that only folders of drawn portraits contain; `tfds_builders.sample_portraits.draw` writes it.
DRAWN_FILE = "drawn.csv"


SPAN = "{span}"
"""In `data.dir`, in place of a folder's name: one folder for each span."""


class DataSettings(Settings):
    """The source of the images."""

    dir: LocalPath | None = Field(
        None,
        description=f"folder with the archives as published; null: draw sample portraits; {SPAN} in it stands for the "
        "folder of each span",
    )
    spans: int | None = Field(None, ge=1, description=f"with {SPAN} in dir: the latest so many; null: all")
    sources: list[SourceName] = Field(min_length=1, description="TFDS data sets to read")
    labelled_folders: dict[Annotated[str, StringConstraints(pattern=f"^{_FOLDER_NAME}$")], LabelledFolderSettings] = (
        Field(default_factory=dict, description="NAME of a labelled folder to how it is to be read")
    )
    sample_portraits: SamplePortraitsSettings = SamplePortraitsSettings()

    @model_validator(mode="after")
    def _each_source_once(self) -> "DataSettings":
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("a source is named twice")
        return self

    @model_validator(mode="after")
    def _nothing_is_drawn_for_labelled_folders(self) -> "DataSettings":
        if self.dir is None and self.folder_names:
            raise ValueError(
                f"{LABELLED_FOLDER}/{self.folder_names[0]} needs the folder that holds {self.folder_names[0]}/: "
                "give --data-dir DIR or data.dir"
            )
        return self

    @model_validator(mode="after")
    def _span_is_a_folder(self) -> "DataSettings":
        if self.dir is not None and SPAN in self.dir and (self.dir.count(SPAN) > 1 or not self.by_span):
            raise ValueError(f"dir: {SPAN} must stand once, in place of a whole folder name, as in archives/{SPAN}")
        if self.spans is not None and not self.by_span:
            raise ValueError("spans: needs a dir with a folder for each span; see docs/data.md")
        return self

    @property
    def by_span(self) -> bool:
        """Returns whether `dir` has a folder for each span."""
        return self.dir is not None and SPAN in Path(self.dir).parts

    @property
    def root(self) -> Path | None:
        """Returns the folder of all spans, or `dir` if it has none."""
        if self.dir is None or not self.by_span:
            return None if self.dir is None else Path(self.dir)
        parts = Path(self.dir).parts
        return Path(*parts[: parts.index(SPAN)])

    def folder_of(self, span: str) -> Path:
        """Returns the folder with the archives of a span; '': `dir`, which has no spans."""
        assert self.dir is not None
        return Path(*(span if part == SPAN else part for part in Path(self.dir).parts))

    @property
    def drawn(self) -> bool:
        """Returns whether the images are drawn portraits: of this run, or in a folder given as `dir`."""
        if self.dir is None:
            return True
        if not self.by_span:
            return (Path(self.dir) / DRAWN_FILE).is_file()
        root = self.root
        spans = [] if root is None or not root.is_dir() else [path for path in root.iterdir() if path.is_dir()]
        return any((self.folder_of(path.name) / DRAWN_FILE).is_file() for path in spans)

    @property
    def folder_names(self) -> tuple[str, ...]:
        """Returns the names of the labelled folders among the sources."""
        return tuple(name for name in map(labelled_folder_name, self.sources) if name is not None)

    def labelled_folder(self, source: str) -> LabelledFolderSettings | None:
        """Returns how to read a source's folder; None for a published data set."""
        name = labelled_folder_name(source)
        return None if name is None else self.labelled_folders.get(name, LabelledFolderSettings())


Engine = Literal["direct", "portable", "flink", "spark", "dataflow"]

_NEEDED_FLAGS: dict[Engine, tuple[str, ...]] = {
    "portable": ("job_endpoint",),
    "dataflow": ("project", "region", "temp_location"),
}


class BeamSettings(Settings):
    """The engine of Beam; the records are the same on every engine."""

    engine: Engine = Field("direct", description="'direct': processes of this machine")
    workers: int = Field(0, ge=0, le=512, description="direct: processes; 0: one a core")
    options: list[Annotated[str, StringConstraints(pattern=r"^--[a-z0-9_-]+(=.*)?$")]] = Field(
        default_factory=list, description="other engines: Beam's own flags, --NAME=VALUE each"
    )
    shared_dir: ExpandedPath | None = Field(
        None,
        min_length=1,
        description="other engines: a folder or bucket that all workers reach; null: workspace is one",
    )

    @model_validator(mode="after")
    def _options_are_of_the_engine(self) -> "BeamSettings":
        if self.engine == "direct" and (self.options or self.shared_dir is not None):
            raise ValueError("options and shared_dir are for other engines than direct; name one in engine")
        if self.engine != "direct" and self.workers:
            raise ValueError(f"workers is for direct; set the number of {self.engine}'s workers in options")
        if "runner" in self.flags:
            raise ValueError("options: --runner follows from engine; leave it out")
        return self

    @model_validator(mode="after")
    def _what_the_engine_needs(self) -> "BeamSettings":
        missing = [f"--{flag}=..." for flag in _NEEDED_FLAGS.get(self.engine, ()) if flag not in self.flags]
        if missing:
            raise ValueError(f"options: {self.engine} needs {', '.join(missing)}")
        if self.engine == "dataflow" and not (self.shared_dir or "").startswith("gs://"):
            raise ValueError(
                "shared_dir: Dataflow's workers reach no folder of this machine; name one in a bucket, gs://..."
            )
        if self.shared_dir is not None and self.shared_dir.lower().startswith("file:"):
            raise ValueError(f"shared_dir: {instead_of_url(self.shared_dir)}")
        if self.shared_dir is not None and not re.match(r"/|[a-z][a-z0-9+.-]*://", self.shared_dir):
            raise ValueError("shared_dir: must be absolute (/...) or name a file system (gs://..., hdfs://...)")
        return self

    @property
    def flags(self) -> frozenset[str]:
        """Returns the names of the flags in `options`."""
        return frozenset(option[2:].partition("=")[0] for option in self.options)


class FaceExampleGenSettings(Settings):
    """Settings of FaceExampleGen, passed as JSON in one execution property."""

    data: DataSettings
    cleaning: CleaningSettings = CleaningSettings()
    alignment: AlignmentSettings = AlignmentSettings()
    split: SplitSettings = SplitSettings()
    beam: BeamSettings = BeamSettings()
    data_root: str = Field(description="absolute; drawn portraits and prepared TFDS data sets are kept under it")
