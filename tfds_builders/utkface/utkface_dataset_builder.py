"""UTKFace as a TFDS data set."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.archive import Archive, Unreadable, find_archive, manual_folder
from tfds_builders.entries import IMAGE_UNREADABLE, Entry, reason_without_row
from tfds_builders.row_counts import RowCounts
from tfds_builders.skipped_rows import SkippedRow
from tfds_builders.utkface.file_name import FileName, parse_file_name
from visage.data.datasets import DATASETS, archive_files
from visage.data.labels import RACES, UNKNOWN
from visage.errors import VisageError

_FILES = archive_files("utkface")
_HINT = _FILES.hint
_PATTERN = "[age]_[gender]_[race]_[datetime].jpg.chip.jpg"


class Builder(tfds.core.GeneratorBasedBuilder):
    """Faces of 200x200 pixels with age, gender and race in their file names."""

    VERSION = tfds.core.Version("1.2.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Images untouched, names parsed, nothing corrected.",
        "1.1.0": "Defects of names counted.",
        "1.2.0": "Images of any ending of a JPEG; every file of the archive is a row.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"manual_dir holds UTKFace.tar.gz or the extracted folder UTKFace/: {_HINT}."

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(encoding_format="jpeg", doc="the file's bytes untouched"),
                    "file_name": tfds.features.Text(),
                    "age": tfds.features.Scalar(np.int64, doc="years; -1 unknown"),
                    "gender": tfds.features.ClassLabel(names=["female", "male", UNKNOWN]),
                    "race": tfds.features.ClassLabel(names=[*RACES, UNKNOWN]),
                    "name_defect": tfds.features.Text(doc="how the name departs from the pattern; '' if it does not"),
                }
            ),
            supervised_keys=("image", "age"),
            homepage=DATASETS["utkface"].homepage,
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        archive = find_archive([manual_folder(dl_manager, _HINT)], _FILES.root, _HINT)
        return {"train": self._generate_examples(archive, self._usable_images(archive))}

    def _usable_images(self, archive: Archive) -> dict[str, FileName]:
        listing = archive.listing()
        counts = self.info.metadata
        counts.start(len(listing.files) + len(listing.others), "name_defects")
        usable: dict[str, FileName] = {}
        for file in (*listing.others, *listing.files.values()):
            labels = parse_file_name(file.name)
            reason, why = _reason_to_skip(file, labels)
            if reason or labels is None:
                counts.skip(SkippedRow(file.name, reason, why, file.name))
                continue
            usable[file.name] = labels
            if labels.defect:
                counts.count_odd("name_defects", labels.defect)
        if not usable:
            raise VisageError(f"{archive.path} holds no image UTKFace/{_PATTERN}{counts.example}: {_HINT}")
        return usable

    def _generate_examples(self, archive: Archive, usable: dict[str, FileName]) -> Iterator[tuple[str, dict[str, Any]]]:
        counts = self.info.metadata
        for name, image in archive.read(usable):
            if isinstance(image, Unreadable):
                counts.skip(SkippedRow(name, IMAGE_UNREADABLE, image, name))
                continue
            counts.count_yielded()
            labels = usable[name]
            yield (
                name,
                {
                    "image": image,
                    "file_name": name,
                    "age": labels.age,
                    "gender": labels.gender,
                    "race": labels.race,
                    "name_defect": labels.defect,
                },
            )
        if not counts["yielded"]:
            raise VisageError(f"{archive.path}: no image can be read{counts.example}: make them readable")


def _reason_to_skip(file: Entry, labels: FileName | None) -> tuple[str, str]:
    reason, why = reason_without_row(file)
    if reason:
        return reason, why
    if labels is None:
        return "name_unreadable", f"the name is not {_PATTERN}"
    return ("picture_empty", "the file is empty") if file.size == 0 else ("", "")
