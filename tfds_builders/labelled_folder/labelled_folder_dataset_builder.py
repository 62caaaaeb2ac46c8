"""Images with a CSV or Parquet file of labels, as a TFDS data set; one configuration per folder."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.archive import REPORT_EVERY, Unreadable, manual_folder, read_image
from tfds_builders.entries import IMAGE_UNREADABLE
from tfds_builders.labelled_folder.header import Reading
from tfds_builders.labelled_folder.images import ImageFolder
from tfds_builders.labelled_folder.label_row import LabelRow, RowError, parse_row
from tfds_builders.labelled_folder.labels_file import Row, find_folder, find_labels_file, read_labels_file
from tfds_builders.row_counts import RowCounts
from tfds_builders.skipped_rows import SkippedRow
from visage.data.datasets.labelled_folder import by_newer_names
from visage.data.labels import RACES, UNKNOWN
from visage.errors import VisageError
from visage.progress import report

_CONFLICTING = ("conflicting_row", "another row of this image has other labels")


@dataclasses.dataclass
class LabelledFolderConfig(tfds.core.BuilderConfig):
    """One folder, which has the name of the configuration.

    Attributes:
        labels: name of the labels file in it; None: labels.csv or labels.parquet.
        pictures: folder in it to which the paths of the images are relative.
        separator: between the fields of a CSV.
        columns: standard column to the name in the labels file, if that differs; None: it has no such column.
    """

    labels: str | None = None
    pictures: str = "."
    separator: str = ","
    columns: Mapping[str, str | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class _NumberedRow:
    """A readable row, and its number in the labels file, from 1."""

    number: int
    labels: LabelRow

    def skipped(self, labels: Path, reason: str, why: str) -> SkippedRow:
        return SkippedRow(_place(labels, self.number), reason, why, self.labels.picture)


class Builder(tfds.core.GeneratorBasedBuilder):
    """A team's own faces, or any data set that consists of images and a table."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Images untouched, labels read, nothing corrected.",
        "1.1.0": "Age groups, and one list of the words for unknown.",
        "2.0.0": "An age is an interval; images inside Parquet, and the boxes of faces.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = "manual_dir holds a folder of the configuration's name with labels.csv and images."

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(doc="the file's bytes untouched"),
                    "picture": tfds.features.Text(doc="path, as in the labels file"),
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
        labels = find_labels_file(folder, config.labels, key)
        rows = read_labels_file(labels, Reading(by_newer_names(config.columns), config.separator, key))
        images = self._usable_images(rows, ImageFolder(folder, folder / config.pictures), labels)
        return {"train": self._generate_examples(labels, images)}

    def _usable_images(self, rows: Iterator[Row], folder: ImageFolder, labels: Path) -> dict[str, _NumberedRow]:
        """Returns labels by real path; counts every other row, and every file that no row names."""
        counts = self.info.metadata
        counts.start(rows=0)
        usable: dict[str, _NumberedRow] = {}
        contradicted: set[str] = set()
        named: set[str] = set()
        for number, texts in enumerate(rows, start=1):
            counts["rows"] += 1
            try:
                row = _NumberedRow(number, _parse(texts))
            except RowError as error:
                if texts is not None:
                    named.add(folder.find(texts.get("image", "").strip())[0])
                counts.skip(SkippedRow(_place(labels, number), error.reason, str(error), texts or ""))
                continue
            path, reason, why = folder.find(row.labels.picture)
            named.add(path)
            if reason:
                counts.skip(row.skipped(labels, reason, why))
            elif path in contradicted:
                counts.skip(row.skipped(labels, *_CONFLICTING))
            elif path not in usable:
                usable[path] = row
            elif row.labels.labels == usable[path].labels.labels:
                counts.skip(row.skipped(labels, "duplicate_row", "an earlier row has the same image and labels"))
            else:
                # Nothing decides which of the two is correct, so both are skipped.
                contradicted.add(path)
                for one in (usable.pop(path), row):
                    counts.skip(one.skipped(labels, *_CONFLICTING))
        if not usable:
            raise self._nothing_usable(labels, counts["rows"])
        counts.skip_unlisted(folder.unlisted(named), [labels.relative_to(folder.path).as_posix()])
        return usable

    def _generate_examples(self, labels: Path, images: dict[str, _NumberedRow]) -> Iterator[tuple[str, dict[str, Any]]]:
        counts = self.info.metadata
        step = f"read {labels.parent.name}"
        for done, (path, row) in enumerate(images.items()):
            if done % REPORT_EVERY == 0:
                report(step, done, len(images))
            image = read_image(path)
            if isinstance(image, Unreadable):
                counts.skip(row.skipped(labels, IMAGE_UNREADABLE, image))
                continue
            counts.count_yielded()
            yield row.labels.picture, {**_features(row.labels), "image": image}
        report(step, len(images), len(images))
        if not counts["yielded"]:
            raise self._nothing_usable(labels, len(images))

    def _nothing_usable(self, labels: Path, rows: int) -> VisageError:
        return VisageError(
            f"{labels}: none of its {rows} rows has labels and a readable image; fix it{self.info.metadata.example}"
        )


def _features(row: LabelRow) -> dict[str, Any]:
    features = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    label = features.pop("age_label")
    low, high = (math.nan, math.nan) if label is None else (label.low, label.high)
    return {**features, "age_low": low, "age_high": high}


def _place(labels: Path, number: int) -> str:
    return f"{labels.name}, row {number}"


def _parse(texts: Row) -> LabelRow:
    if texts is None:
        raise RowError("row_unreadable", "it has not as many fields as the header")
    return parse_row(texts)
