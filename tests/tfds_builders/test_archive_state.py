"""Changes that alter the state of the files that a data set is prepared from."""

import os
from pathlib import Path

import pytest

from components.face_example_gen.settings import LabelledFolderSettings
from tfds_builders.archive_state import state_of_archive, state_of_labelled_folder


def test_an_image_that_becomes_readable_changes_it(unprivileged_folder: Path) -> None:
    """An image that was skipped as unreadable is read when it becomes readable."""
    image = unprivileged_folder / "UTKFace/2_0_0_20170109150557335.jpg.chip.jpg"
    image.parent.mkdir()
    image.write_bytes(b"two")
    before = list(state_of_archive(unprivileged_folder, "utkface"))
    image.chmod(0)
    assert list(state_of_archive(unprivileged_folder, "utkface")) != before
    image.chmod(0o600)
    assert list(state_of_archive(unprivileged_folder, "utkface")) == before


@pytest.mark.parametrize("labels", ["one.csv", "./one.csv", "tables//one.csv", "tables/./one.csv"])
def test_a_corrected_label_of_the_same_size_and_time_changes_it(tmp_path: Path, labels: str) -> None:
    table = tmp_path / labels
    table.parent.mkdir(exist_ok=True)
    table.write_text("image,age\na.jpg,31\n")
    os.utime(table, (0, 0))
    configured = LabelledFolderSettings(labels=labels).labels
    before = list(state_of_labelled_folder(tmp_path, configured))
    table.write_text("image,age\na.jpg,13\n")
    os.utime(table, (0, 0))
    assert list(state_of_labelled_folder(tmp_path, configured)) != before
