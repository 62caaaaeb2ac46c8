"""Adience as a TFDS data set; its five folds are the splits."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.adience.age_labels import GROUPS, read_age_label
from tfds_builders.adience.folds import FOLDS, MEASURES, FoldRow, find_fold_folder, read_fold
from tfds_builders.archive import Archive, Listing, Unreadable, find_archive, manual_folder
from tfds_builders.entries import IMAGE_UNREADABLE, reason_to_skip
from tfds_builders.published_files import folders_of, hint_in
from tfds_builders.row_counts import RowCounts
from visage.data.datasets import DATASETS, archive_files
from visage.data.labels import UNKNOWN
from visage.errors import VisageError

_HINT = archive_files("adience/faces").hint


@dataclasses.dataclass
class AdienceConfig(tfds.core.BuilderConfig):
    """One of the two ways in which Adience publishes its faces.

    Attributes:
        file_prefix: the part of an image's name before `.<face_id>.<original_image>`.
    """

    file_prefix: str = ""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Faces from Flickr albums with an age group and a gender, in five folds without a common person."""

    VERSION = tfds.core.Version("1.2.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Images and labels untouched, duplicate rows left out.",
        "1.1.0": "The age and the age group that a label stands for, odd labels counted.",
        "1.2.0": "Images that no fold names are rows, too.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"manual_dir holds adience/: {_HINT}."
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
            homepage=DATASETS["adience/faces"].homepage,
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        manual = manual_folder(dl_manager, _HINT)
        files = archive_files(f"adience/{self.builder_config.name}")
        folders, hint = folders_of(files, manual), hint_in(files, manual)
        rows = self._distinct_rows(find_fold_folder(folders, hint))
        archive = find_archive(folders, files.root, hint)
        imaged = self._rows_with_images(rows, archive.listing())
        if not imaged:
            raise VisageError(
                f"{archive.path} has no image of any of the {len(rows)} faces in the fold files"
                f"{self.info.metadata.example}: {_HINT}"
            )
        by_fold = {fold: {p: row for p, row in imaged.items() if row.fold == fold} for fold in FOLDS}
        # TFDS refuses a split without records.
        return {f"fold_{fold}": self._generate_examples(archive, part) for fold, part in by_fold.items() if part}

    def _distinct_rows(self, folder: Path) -> list[FoldRow]:
        folds = [read_fold(folder, fold, _HINT) for fold in FOLDS]
        counts = self.info.metadata
        counts.start(sum(len(rows) + len(unreadable) for rows, unreadable in folds), "mapped_labels")
        distinct: dict[str, FoldRow] = {}
        for rows, unreadable in folds:
            for skipped in unreadable:
                counts.skip(skipped)
            for row in rows:
                if row.age_label not in GROUPS:
                    counts.count_odd("mapped_labels", row.age_label)
                if row.key in distinct:
                    counts.skip(row.skipped("duplicate_row", "an earlier row is of the same face"))
                else:
                    distinct[row.key] = row
        return list(distinct.values())

    def _rows_with_images(self, rows: list[FoldRow], listing: Listing) -> dict[str, FoldRow]:
        counts = self.info.metadata
        imaged: dict[str, FoldRow] = {}
        unlisted = dict(listing.files)
        for row in rows:
            path = f"{row.user_id}/{self.builder_config.file_prefix}.{row.face_id}.{row.original_image}"
            unlisted.pop(path, None)
            reason, why = reason_to_skip(listing.files.get(path))
            if reason:
                counts.skip(row.skipped(reason, why))
            else:
                imaged[path] = row
        counts.skip_unlisted([*listing.others, *unlisted.values()])
        return imaged

    def _generate_examples(self, archive: Archive, rows: dict[str, FoldRow]) -> Iterator[tuple[str, dict[str, Any]]]:
        counts = self.info.metadata
        before = counts["yielded"]
        for path, image in archive.read(rows):
            if isinstance(image, Unreadable):
                counts.skip(rows[path].skipped(IMAGE_UNREADABLE, image))
                continue
            counts.count_yielded()
            row = rows[path]
            label = read_age_label(row.age_label)
            yield (
                row.key,
                {
                    "image": image,
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
        if counts["yielded"] == before:
            raise VisageError(f"{archive.path}: no image of a fold can be read{counts.example}: make them readable")
