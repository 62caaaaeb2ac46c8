"""IMDB-WIKI as a TFDS data set, one configuration a half."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from components.errors import VisageError
from tfds_builders.archive import Archive, find_archive, manual_folder
from tfds_builders.imdb_wiki.face_table import FaceTable, parse_face_table
from tfds_builders.near_files import near_files
from tfds_builders.row_counts import RowCounts

_HOMEPAGE = "https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/"


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photos of famous people, cropped around the face, with dates from which ages follow."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "Pictures and numbers untouched, nothing computed, nothing corrected."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "manual_dir holds imdb_wiki/ with imdb_crop.tar and wiki_crop.tar ('faces only') or the folders imdb_crop/ and "
        f"wiki_crop/ that they extract to, from {_HOMEPAGE}."
    )
    BUILDER_CONFIGS: ClassVar = [
        tfds.core.BuilderConfig(name="imdb", description="460,723 pictures from IMDb"),
        tfds.core.BuilderConfig(name="wiki", description="62,328 pictures from Wikipedia"),
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
        mend = f"download {self.builder_config.name}_crop.tar ('faces only') from {_HOMEPAGE} into imdb_wiki/"
        manual = manual_folder(dl_manager, mend)
        folders = [folder for folder in (manual / "imdb_wiki", manual) if folder.is_dir()]
        if len(folders) == 1:
            mend = f"{near_files(manual, ['imdb_wiki'])}{mend}"
        archive = find_archive(folders, f"{self.builder_config.name}_crop", mend)
        sizes = archive.sizes()
        table = self._face_table(archive, sizes, folders, mend)
        usable = self._usable_rows(table, sizes)
        if not usable:
            raise VisageError(
                f"{archive.path} has none of the {len(table.full_path)} pictures that the .mat names: {mend}"
            )
        return {"train": self._generate_examples(archive, table, usable)}

    def _face_table(self, archive: Archive, sizes: dict[str, int], folders: list[Path], mend: str) -> FaceTable:
        name = f"{self.builder_config.name}.mat"
        if name in sizes:
            mat = dict(archive.read({name}))[name]
            return parse_face_table(mat, self.builder_config.name, f"{archive.path}: {name}", mend)
        for folder in folders:
            if (folder / name).is_file():
                return parse_face_table(
                    (folder / name).read_bytes(), self.builder_config.name, str(folder / name), mend
                )
        near = "".join(near_files(folder, [name]) for folder in folders)
        raise VisageError(f"no {name} in {archive.path} nor beside it: {near}{mend}")

    def _usable_rows(self, table: FaceTable, sizes: dict[str, int]) -> dict[str, int]:
        self.info.metadata.start(len(table.full_path))
        usable: dict[str, int] = {}
        for row, path in enumerate(table.full_path):
            reason = self._reason_to_skip(table, row, path, sizes, usable)
            if reason:
                self.info.metadata.count_skipped(reason)
            else:
                usable[path] = row
        return usable

    @staticmethod
    def _reason_to_skip(table: FaceTable, row: int, path: str, sizes: dict[str, int], usable: dict[str, int]) -> str:
        if not path or np.isnan(table.face_location[row]).any():
            return "row_unreadable"
        if path in usable:
            return "duplicate_row"
        if path not in sizes:
            return "picture_missing"
        return "picture_empty" if sizes[path] == 0 else ""

    def _generate_examples(
        self, archive: Archive, table: FaceTable, usable: dict[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, picture in archive.read(usable):
            row = usable[path]
            self.info.metadata.count_yielded()
            yield (
                f"{path}({row})",
                {
                    "image": picture,
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
