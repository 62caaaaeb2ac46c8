"""Adience as a TFDS data set; its five folds are the splits."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from components.errors import VisageError
from tfds_builders.adience.age_labels import GROUPS, read_age_label
from tfds_builders.adience.folds import FOLDS, MEASURES, FoldRow, read_fold
from tfds_builders.archive import Archive, find_archive, manual_folder
from tfds_builders.near_files import near_files
from tfds_builders.row_counts import RowCounts
from tfds_builders.unknown import UNKNOWN

_MEND = (
    "ask for access at https://talhassner.github.io/home/projects/Adience/Adience-data.html and put "
    "fold_0_data.txt to fold_4_data.txt, faces.tar.gz and aligned.tar.gz into adience/"
)


@dataclasses.dataclass
class AdienceConfig(tfds.core.BuilderConfig):
    """One of the two ways in which Adience publishes its faces.

    Attributes:
        file_prefix: what stands before `.<face_id>.<original_image>` in a picture's name.
    """

    file_prefix: str = ""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Faces from Flickr albums with an age group and a gender, in five folds without a common person."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Pictures and labels untouched, duplicate rows left out.",
        "1.1.0": "The age and the age group that a label stands for, odd labels counted.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"manual_dir holds adience/: {_MEND}."
    BUILDER_CONFIGS: ClassVar = [
        AdienceConfig(name="faces", description="roughly upright faces", file_prefix="coarse_tilt_aligned_face"),
        AdienceConfig(name="aligned", description="aligned, 816x816 pixels", file_prefix="landmark_aligned_face"),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(encoding_format="jpeg", doc="the file's bytes untouched"),
                    "user_id": tfds.features.Text(),
                    "face_id": tfds.features.Scalar(np.int64),
                    "original_image": tfds.features.Text(),
                    "age_label": tfds.features.Text(doc="as in the fold file: '(25, 32)', '35', 'None'"),
                    "age": tfds.features.Scalar(np.int64, doc="completed years where the label is one; -1 unknown"),
                    "age_group": tfds.features.ClassLabel(names=[*GROUPS, UNKNOWN]),
                    "gender": tfds.features.ClassLabel(names=["female", "male", UNKNOWN]),
                    "fold": tfds.features.Scalar(np.int64),
                    **{measure: tfds.features.Scalar(np.int64) for measure in MEASURES},
                }
            ),
            homepage="https://talhassner.github.io/home/projects/Adience/Adience-data.html",
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        manual = manual_folder(dl_manager, _MEND)
        folders = [folder for folder in (manual / "adience", manual) if folder.is_dir()]
        mend = _MEND if len(folders) > 1 else f"{near_files(manual, ['adience'])}{_MEND}"
        rows = self._distinct_rows(_fold_folder(folders, mend))
        archive = find_archive(folders, self.builder_config.name, mend)
        pictured = self._rows_with_pictures(rows, archive.sizes())
        if not pictured:
            raise VisageError(
                f"{archive.path} has no picture of any of the {len(rows)} faces in the fold files: {_MEND}"
            )
        by_fold = {fold: {p: row for p, row in pictured.items() if row.fold == fold} for fold in FOLDS}
        # TFDS refuses a split without records.
        return {f"fold_{fold}": self._generate_examples(archive, part) for fold, part in by_fold.items() if part}

    def _distinct_rows(self, folder: Path) -> list[FoldRow]:
        folds = [read_fold(folder, fold, _MEND) for fold in FOLDS]
        rows = [row for fold_rows, _ in folds for row in fold_rows]
        unreadable = sum(unreadable for _, unreadable in folds)
        distinct = list({row.key: row for row in reversed(rows)}.values())[::-1]
        self.info.metadata.start(len(rows) + unreadable, "mapped_labels")
        self.info.metadata.count_skipped("row_unreadable", unreadable)
        self.info.metadata.count_skipped("duplicate_row", len(rows) - len(distinct))
        for row in rows:
            if row.age_label not in GROUPS:
                self.info.metadata.count_odd("mapped_labels", row.age_label)
        return distinct

    def _rows_with_pictures(self, rows: list[FoldRow], sizes: dict[str, int]) -> dict[str, FoldRow]:
        pictured: dict[str, FoldRow] = {}
        for row in rows:
            path = f"{row.user_id}/{self.builder_config.file_prefix}.{row.face_id}.{row.original_image}"
            size = sizes.get(path)
            if size is None:
                self.info.metadata.count_skipped("picture_missing")
            elif size == 0:
                self.info.metadata.count_skipped("picture_empty")
            else:
                pictured[path] = row
        return pictured

    def _generate_examples(self, archive: Archive, rows: dict[str, FoldRow]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, picture in archive.read(rows):
            row = rows[path]
            label = read_age_label(row.age_label)
            self.info.metadata.count_yielded()
            yield (
                row.key,
                {
                    "image": picture,
                    "user_id": row.user_id,
                    "face_id": row.face_id,
                    "original_image": row.original_image,
                    "age_label": row.age_label,
                    "age": label.age,
                    "age_group": label.group,
                    "gender": row.gender,
                    "fold": row.fold,
                    **dict(zip(MEASURES, row.measures, strict=True)),
                },
            )


def _fold_folder(folders: list[Path], mend: str) -> Path:
    for folder in folders:
        if any((folder / f"fold_{fold}_data.txt").exists() for fold in FOLDS):
            return folder
    near = "".join(near_files(folder, ["fold_0_data.txt"]) for folder in folders)
    raise VisageError(f"no fold_0_data.txt in {' or '.join(str(folder) for folder in folders)}: {near}{mend}")
