"""Defines what describes a data set, apart from the builder that reads its archive."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visage.data.datasets.features import Features
    from visage.data.settings import CleaningSettings

RowReader = Callable[["Features", "CleaningSettings"], dict[str, Any]]
"""Turns one prepared row into values of a FaceRecord: `key` (unique within the data set), `age_label`,
`identity`, and what else it knows. `to_record` adds `image`, `gender` and `source`, alike for all data sets."""


@dataclass(frozen=True)
class ArchiveFiles:
    """The files of a published data set, and how to get them.

    Attributes:
        root: the archive's top folder, and its name without the ending.
        hint: how to get the archive.
        folder: subfolder of the folder with all archives in which it may lie, besides that folder itself; '': none.
        tables: names of the files with its labels, which lie beside the archive, in it, or in either place.
    """

    root: str
    hint: str
    folder: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetSpec:
    """The description of one data set.

    Attributes:
        name: the TFDS name, e.g. 'adience/faces'. Its part before the slash names the folder below `tfds_builders/`.
        source: `FaceRecord.source` of its records.
        read_row: turns a row, as its builder prepares it, into values of a FaceRecord.
        files: None: they follow from the configuration (a labelled folder).
        homepage: of its authors; '': there is none.
        terms: one line on its permitted use and the place of its terms of use; '': its owner sets them.
        published_folds: number of the folds that its authors publish; 0: none.
        face_box: x0, y0, x1, y1 of the labelled face in each image, as fractions of width and height; None: anywhere.
    """

    name: str
    source: str
    read_row: RowReader
    files: ArchiveFiles | None = None
    homepage: str = ""
    terms: str = ""
    published_folds: int = 0
    face_box: tuple[float, float, float, float] | None = None

    @property
    def package(self) -> str:
        """Returns the package with its TFDS builder."""
        return f"tfds_builders.{self.name.partition('/')[0]}"
