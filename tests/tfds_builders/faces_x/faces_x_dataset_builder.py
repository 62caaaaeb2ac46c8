"""An example of `tfds_builders/faces_x/faces_x_dataset_builder.py`: images named PERSON_AGE_GENDER.jpg."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from tfds_builders.archive import Archive, find_archive, manual_folder
from tfds_builders.row_counts import RowCounts
from visage.data.datasets import archive_files
from visage.data.labels import GENDERS, UNKNOWN


class Builder(tfds.core.GeneratorBasedBuilder):
    """Faces labelled by their file names."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "manual_dir holds FacesX.tar or the folder FacesX/."

    def _info(self) -> tfds.core.DatasetInfo:
        # The builders in tfds_builders/ call `dataset_info_from_configs`, which reads the README beside them.
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "file_name": tfds.features.Text(),
                    "person": tfds.features.Text(),
                    "age": tfds.features.Scalar(np.int64),
                    "gender": tfds.features.ClassLabel(names=[*GENDERS, UNKNOWN]),
                }
            ),
            metadata=RowCounts(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        files = archive_files("faces_x")
        archive = find_archive([manual_folder(dl_manager, files.hint)], files.root, files.hint)
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive: Archive) -> Iterator[tuple[str, dict[str, Any]]]:
        names = archive.listing().files
        self.info.metadata.start(len(names))
        for name, image in archive.read(names):
            self.info.metadata.count_yielded()
            person, age, gender = name.removesuffix(".jpg").split("_")
            yield name, {"image": image, "file_name": name, "person": person, "age": int(age), "gender": gender}
