"""UTKFace as a TFDS data set."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from components.errors import VisageError
from tfds_builders.archive import Archive, find_archive, manual_folder
from tfds_builders.row_counts import RowCounts
from tfds_builders.unknown import UNKNOWN
from tfds_builders.utkface.file_name import RACES, FileName, parse_file_name

_MEND = "download UTKFace.tar.gz (aligned and cropped faces) from https://susanqq.github.io/UTKFace/ into it"


class Builder(tfds.core.GeneratorBasedBuilder):
    """Faces of 200x200 pixels with age, gender and race in their file names."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "Pictures untouched, names parsed, nothing corrected.",
        "1.1.0": "Defects of names counted.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"manual_dir holds UTKFace.tar.gz or the extracted folder UTKFace/: {_MEND}."

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
            homepage="https://susanqq.github.io/UTKFace/",
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        archive = find_archive([manual_folder(dl_manager, _MEND)], "UTKFace", _MEND)
        return {"train": self._generate_examples(archive, self._usable_pictures(archive))}

    def _usable_pictures(self, archive: Archive) -> dict[str, FileName]:
        sizes = {path: size for path, size in archive.sizes().items() if path.endswith(".jpg")}
        self.info.metadata.start(len(sizes), "name_defects")
        usable: dict[str, FileName] = {}
        for path, size in sizes.items():
            labels = parse_file_name(path)
            if labels is None:
                self.info.metadata.count_skipped("name_unreadable")
            elif size == 0:
                self.info.metadata.count_skipped("picture_empty")
            else:
                usable[path] = labels
                if labels.defect:
                    self.info.metadata.count_odd("name_defects", labels.defect)
        if not usable:
            raise VisageError(
                f"{archive.path} holds no picture UTKFace/[age]_[gender]_[race]_[datetime].jpg.chip.jpg: {_MEND}"
            )
        return usable

    def _generate_examples(self, archive: Archive, usable: dict[str, FileName]) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, picture in archive.read(usable):
            labels = usable[name]
            self.info.metadata.count_yielded()
            yield (
                name,
                {
                    "image": picture,
                    "file_name": name,
                    "age": labels.age,
                    "gender": labels.gender,
                    "race": labels.race,
                    "name_defect": labels.defect,
                },
            )
