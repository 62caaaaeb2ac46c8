"""IMDB-WIKI as a TFDS data set, one configuration per half."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.archive import Archive, Listing, Unreadable, find_archive, manual_folder, unreadable
from tfds_builders.entries import IMAGE_UNREADABLE, reason_to_skip
from tfds_builders.imdb_wiki.face_table import FaceTable, parse_face_table
from tfds_builders.imdb_wiki.table_file import table_beside
from tfds_builders.published_files import folders_of, hint_in
from tfds_builders.row_counts import RowCounts
from tfds_builders.skipped_rows import ROW_UNREADABLE, SkippedRow
from visage.data.datasets import DATASETS, archive_files
from visage.errors import VisageError

_HOMEPAGE = DATASETS["imdb_wiki/imdb"].homepage


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photos of famous people, cropped around the face, with dates from which ages follow."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Images and numbers untouched, nothing computed, nothing corrected.",
        "1.1.0": "Images that the table does not name are rows, too.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "manual_dir holds imdb_wiki/ with imdb_crop.tar and wiki_crop.tar ('faces only') or the folders imdb_crop/ and "
        f"wiki_crop/ that they extract to, from {_HOMEPAGE}."
    )
    BUILDER_CONFIGS: ClassVar = [
        tfds.core.BuilderConfig(name="imdb", description="460,723 images from IMDb"),
        tfds.core.BuilderConfig(name="wiki", description="62,328 images from Wikipedia"),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(encoding_format="jpeg", doc="the file's bytes untouched"),
                    "row": tfds.features.Scalar(np.int64, doc="position in the .mat file, from 0"),
                    "full_path": tfds.features.Text(),
                    "dob": tfds.features.Scalar(np.int64, doc="date of birth, MATLAB datenum (days)"),
                    "photo_taken": tfds.features.Scalar(np.int64, doc="year"),
                    "gender": tfds.features.ClassLabel(names=["female", "male", "unknown"]),
                    "name": tfds.features.Text(),
                    "face_location": tfds.features.Tensor(shape=(4,), dtype=np.float32, doc="x0, y0, x1, y1, pixels"),
                    "face_score": tfds.features.Scalar(np.float32, doc="-inf: the authors' detector found no face"),
                    "second_face_score": tfds.features.Scalar(np.float32, doc="nan: no second face"),
                }
            ),
            homepage=_HOMEPAGE,
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        files = archive_files(f"imdb_wiki/{self.builder_config.name}")
        manual = manual_folder(dl_manager, files.hint)
        folders, hint = folders_of(files, manual), hint_in(files, manual)
        archive = find_archive(folders, files.root, hint)
        listing = archive.listing()
        table = self._face_table(archive, listing, folders, hint)
        usable = self._usable_rows(table, listing)
        if not usable:
            raise VisageError(
                f"{archive.path} has none of the {len(table.full_path)} images that the .mat names"
                f"{self.info.metadata.example}: {hint}"
            )
        return {"train": self._generate_examples(archive, table, usable)}

    @property
    def _mat(self) -> str:
        (table,) = archive_files(f"imdb_wiki/{self.builder_config.name}").tables
        return table

    def _face_table(self, archive: Archive, listing: Listing, folders: list[Path], hint: str) -> FaceTable:
        config = self.builder_config.name
        if self._mat in listing.files:
            return parse_face_table(archive.read_table(self._mat), config, f"{archive.path}: {self._mat}", hint)
        path = table_beside(archive.path, folders, self._mat, hint)
        try:
            mat = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
        return parse_face_table(mat, config, str(path), hint)

    def _usable_rows(self, table: FaceTable, listing: Listing) -> dict[str, int]:
        counts = self.info.metadata
        counts.start(len(table.full_path))
        usable: dict[str, int] = {}
        unlisted = dict(listing.files)
        for row, path in enumerate(table.full_path):
            unlisted.pop(path, None)
            reason, why = _reason_to_skip(table, row, listing, usable)
            if reason:
                counts.skip(self._skipped(row, reason, why, path))
            else:
                usable[path] = row
        counts.skip_unlisted([*listing.others, *unlisted.values()], [self._mat])
        return usable

    def _skipped(self, row: int, reason: str, why: str, path: str) -> SkippedRow:
        return SkippedRow(f"{self._mat}, row {row}", reason, why, path)

    def _generate_examples(
        self, archive: Archive, table: FaceTable, usable: dict[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        counts = self.info.metadata
        for path, image in archive.read(usable):
            if isinstance(image, Unreadable):
                counts.skip(self._skipped(usable[path], IMAGE_UNREADABLE, image, path))
                continue
            counts.count_yielded()
            row = usable[path]
            yield (
                f"{path}({row})",
                {
                    "image": image,
                    "row": row,
                    "full_path": path,
                    "dob": table.dob[row],
                    "photo_taken": table.photo_taken[row],
                    "gender": table.gender[row],
                    "name": table.name[row],
                    "face_location": table.face_location[row],
                    "face_score": table.face_score[row],
                    "second_face_score": table.second_face_score[row],
                },
            )
        if not counts["yielded"]:
            raise VisageError(f"{archive.path}: no image can be read{counts.example}: make them readable")


def _reason_to_skip(table: FaceTable, row: int, listing: Listing, usable: Mapping[str, int]) -> tuple[str, str]:
    path = table.full_path[row]
    if not path:
        return ROW_UNREADABLE, "full_path is no text"
    if np.isnan(table.face_location[row]).any():
        return ROW_UNREADABLE, "face_location is not four numbers"
    if path in usable:
        return "duplicate_row", "an earlier row names the same image"
    return reason_to_skip(listing.files.get(path))
