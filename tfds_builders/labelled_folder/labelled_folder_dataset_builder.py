"""Images with a CSV or Parquet file of labels, as a TFDS data set; one configuration per folder."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.archive import REPORT_EVERY, Unreadable, manual_folder, read_image
from tfds_builders.entries import IMAGE_UNREADABLE
from tfds_builders.labelled_folder.header import Reading
from tfds_builders.labelled_folder.images import ImageFolder
from tfds_builders.labelled_folder.label_row import LabelRow, RowError, parse_row
from tfds_builders.labelled_folder.labels_file import (
    Row,
    find_folder,
    find_labels_files,
    holds_images,
    read_images,
    read_labels_file,
)
from tfds_builders.row_counts import RowCounts
from tfds_builders.skipped_rows import SkippedRow
from visage.data.datasets.labelled_folder import by_newer_names
from visage.data.labels import RACES, UNKNOWN
from visage.errors import VisageError
from visage.faces.image_io import DecodeError, upright_size
from visage.progress import report

_CONFLICTING = ("conflicting_row", "another row of this image has other labels")


@dataclasses.dataclass
class LabelledFolderConfig(tfds.core.BuilderConfig):
    """One folder, which has the name of the configuration.

    Attributes:
        labels: name of the labels file in it, or a pattern of several; None: labels.csv or labels.parquet.
        pictures: folder in it to which the paths of the images are relative.
        separator: between the fields of a CSV.
        columns: standard column to the name in the labels file, if that differs; None: it has no such column.
    """

    labels: str | None = None
    pictures: str = "."
    separator: str = ","
    columns: Mapping[str, str | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class _Table:
    """One labels file.

    Attributes:
        path: of the file.
        name: its path relative to the labelled folder.
        holds_images: whether it holds the images themselves, not their paths.
    """

    path: Path
    name: str
    holds_images: bool

    def place(self, number: int) -> str:
        return f"{self.path.name}, row {number}"


@dataclasses.dataclass(frozen=True)
class _ListedRow:
    """A readable row.

    Attributes:
        table: that has it.
        number: in the table, from 1.
        labels: of the row.
        path: of the image; '' where the table holds it.
    """

    table: _Table
    number: int
    labels: LabelRow
    path: str

    @property
    def face(self) -> tuple[str, tuple[float, ...] | None]:
        """Returns what no two records may share: the image, and the box of the face on it."""
        return self.path or self.labels.picture, self.labels.box

    @property
    def key(self) -> str:
        """Returns the record's key: the image's path, or its place in the table; and the box of the face."""
        # All digits of a side: two boxes that differ are two records.
        sides = [repr(side).removesuffix(".0") for side in self.labels.box or ()]
        box = "#" + ",".join(sides) if sides else ""
        return f"{self.labels.picture}{box}"

    def skipped(self, reason: str, why: str) -> SkippedRow:
        return SkippedRow(self.table.place(self.number), reason, why, self.labels.picture)


class Builder(tfds.core.GeneratorBasedBuilder):
    """A team's own faces, or any data set that consists of images and a table."""

    VERSION = tfds.core.Version("2.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Images untouched, labels read, nothing corrected.",
        "1.1.0": "Age groups, and one list of the words for unknown.",
        "2.0.0": "An age is an interval; images inside Parquet, and the boxes of faces.",
        "2.1.0": "A box that lies mostly outside of the image is counted and skipped.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = "manual_dir holds a folder of the configuration's name with labels.csv and images."

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(doc="the file's bytes untouched"),
                    "picture": tfds.features.Text(doc="path, or labels file and row; with the box of the face"),
                    "face_box": tfds.features.Tensor(
                        shape=(4,), dtype=np.float32, doc="left, top, right, bottom as fractions; nan unknown"
                    ),
                    "age_low": tfds.features.Scalar(np.float32, doc="lowest age in years; nan unknown"),
                    "age_high": tfds.features.Scalar(np.float32, doc="highest one, included; nan unknown"),
                    "gender": tfds.features.ClassLabel(names=["female", "male", UNKNOWN]),
                    "identity": tfds.features.Text(doc="'' unknown"),
                    "race": tfds.features.ClassLabel(names=[*RACES, UNKNOWN]),
                    "fold": tfds.features.Scalar(np.int64, doc="from 0; -1 unknown"),
                    "apparent_age_mean": tfds.features.Scalar(np.float32, doc="years; nan unknown"),
                    "apparent_age_std": tfds.features.Scalar(np.float32, doc="years; nan unknown"),
                }
            ),
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        config = self.builder_config
        key = f"data.labelled_folders.{config.name}"
        manual = manual_folder(dl_manager, f"put {config.name}/ with its labels file and images into it")
        folder = find_folder(manual, config.name)
        reading = Reading(by_newer_names(config.columns), config.separator, key)
        tables = [
            _Table(path, path.relative_to(folder).as_posix(), holds_images(path, reading))
            for path in find_labels_files(folder, config.labels, key)
        ]
        rows = self._usable_rows(tables, reading, ImageFolder(folder, folder / config.pictures))
        return {"train": self._generate_examples(tables, rows, reading)}

    def _usable_rows(self, tables: Sequence[_Table], reading: Reading, folder: ImageFolder) -> list[_ListedRow]:
        """Returns the rows with a usable image; counts every other row, and every file that no row names."""
        counts = self.info.metadata
        counts.start(rows=0)
        usable: dict[object, _ListedRow] = {}
        contradicted: set[object] = set()
        named: set[str] = set()
        for table in tables:
            for number, texts in enumerate(read_labels_file(table.path, reading), start=1):
                counts["rows"] += 1
                if table.holds_images and texts is not None:
                    texts = {**texts, "image": f"{table.name}#{number}"}
                try:
                    labels = _parse(texts)
                except RowError as error:
                    if texts is not None and not table.holds_images:
                        named.add(folder.find(texts.get("image", "").strip())[0])
                    counts.skip(SkippedRow(table.place(number), error.reason, str(error), texts or ""))
                    continue
                path, reason, why = ("", "", "") if table.holds_images else folder.find(labels.picture)
                row = _ListedRow(table, number, labels, path)
                named.add(path)
                if reason:
                    counts.skip(row.skipped(reason, why))
                elif row.face in contradicted:
                    counts.skip(row.skipped(*_CONFLICTING))
                elif row.face not in usable:
                    usable[row.face] = row
                elif labels.labels == usable[row.face].labels.labels:
                    counts.skip(row.skipped("duplicate_row", "an earlier row has the same image and labels"))
                else:
                    # Nothing decides which of the two is correct, so both are skipped.
                    contradicted.add(row.face)
                    for one in (usable.pop(row.face), row):
                        counts.skip(one.skipped(*_CONFLICTING))
        if not usable:
            raise self._nothing_usable(tables, counts["rows"])
        counts.skip_unlisted(folder.unlisted(named), [table.name for table in tables])
        return list(usable.values())

    def _generate_examples(
        self, tables: Sequence[_Table], rows: Sequence[_ListedRow], reading: Reading
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        counts = self.info.metadata
        step = f"read {self.builder_config.name}"
        images = (image for table in tables for image in _images(table, rows, reading))
        report(step, 0, len(rows))
        for done, (row, image) in enumerate(images, start=1):
            if done % REPORT_EVERY == 0:
                report(step, done, len(rows))
            if isinstance(image, Unreadable):
                counts.skip(row.skipped(IMAGE_UNREADABLE, image))
            elif not image:
                counts.skip(row.skipped("picture_empty", "the row has no bytes of an image"))
            elif _is_mostly_outside(features := _features(row, image)):
                counts.skip(row.skipped("label_out_of_range", "most of the face's box lies outside of the image"))
            else:
                counts.count_yielded()
                yield row.key, features
        report(step, len(rows), len(rows))
        if not counts["yielded"]:
            raise self._nothing_usable(tables, len(rows))

    def _nothing_usable(self, tables: Sequence[_Table], rows: int) -> VisageError:
        labels = tables[0].path if len(tables) == 1 else f"{tables[0].path} and {len(tables) - 1} more"
        return VisageError(
            f"{labels}: none of its {rows} rows has labels and a readable image; fix it{self.info.metadata.example}"
        )


def _images(
    table: _Table, rows: Sequence[_ListedRow], reading: Reading
) -> Iterator[tuple[_ListedRow, bytes | Unreadable]]:
    """Yields the usable rows of a table with their images, one at a time."""
    of_table = [row for row in rows if row.table is table]
    if not table.holds_images:
        yield from ((row, read_image(row.path)) for row in of_table)
        return
    by_number = {row.number: row for row in of_table}
    for number, image in enumerate(read_images(table.path, reading), start=1):
        if number in by_number:
            yield by_number[number], image


def _features(row: _ListedRow, image: bytes) -> dict[str, Any]:
    labels = row.labels
    features = {field.name: getattr(labels, field.name) for field in dataclasses.fields(labels)}
    age, box = features.pop("age_label"), features.pop("box")
    low, high = (math.nan, math.nan) if age is None else (age.low, age.high)
    place = {"picture": row.key, "face_box": _in_fractions(box, image)}
    return {**features, **place, "image": image, "age_low": low, "age_high": high}


def _is_mostly_outside(features: dict[str, Any]) -> bool:
    """Returns whether less than half of the face's box lies on the image, as where a table is of larger images."""
    low, high = features["face_box"][:2], features["face_box"][2:]
    # NaN of an unknown box is never less.
    return bool(np.prod(np.clip(high, 0, 1) - np.clip(low, 0, 1)) < np.prod(high - low) / 2)


def _in_fractions(box: Sequence[float] | None, image: bytes) -> np.ndarray:
    """Returns a box in pixels as fractions of width and height, float32 [4]; NaN if it is unknown."""
    try:
        sides = np.tile(upright_size(image), 2) if box is not None else np.full(4, np.nan)
    except DecodeError:
        # The record is dropped for it when its image is read.
        sides = np.full(4, np.nan)
    return (np.array(box if box is not None else [np.nan] * 4) / sides).astype(np.float32)


def _parse(texts: Row) -> LabelRow:
    if texts is None:
        raise RowError("row_unreadable", "it has not as many fields as the header")
    return parse_row(texts)
