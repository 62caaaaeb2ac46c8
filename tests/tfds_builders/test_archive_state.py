"""Changes that alter the state of the files that a data set is prepared from."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.face_example_gen.settings import LabelledFolderSettings
from tfds_builders.archive_state import state_of_archive, state_of_labelled_folder
from tfds_builders.file_digests import FileDigests


def test_an_image_that_becomes_readable_changes_it(unprivileged_folder: Path) -> None:
    """An image that was skipped as unreadable is read when it becomes readable."""
    image = unprivileged_folder / "UTKFace/2_0_0_20170109150557335.jpg.chip.jpg"
    image.parent.mkdir()
    image.write_bytes(b"two")
    before = list(state_of_archive(unprivileged_folder, "utkface", FileDigests("utkface")))
    image.chmod(0)
    assert list(state_of_archive(unprivileged_folder, "utkface", FileDigests("utkface"))) != before
    image.chmod(0o600)
    assert list(state_of_archive(unprivileged_folder, "utkface", FileDigests("utkface"))) == before


@pytest.mark.parametrize("labels", ["one.csv", "./one.csv", "tables//one.csv", "tables/./one.csv"])
def test_a_corrected_label_of_the_same_size_and_time_changes_it(tmp_path: Path, labels: str) -> None:
    table = tmp_path / labels
    table.parent.mkdir(exist_ok=True)
    table.write_text("image,age\na.jpg,31\n")
    os.utime(table, (0, 0))
    configured = LabelledFolderSettings(labels=labels).labels
    before = list(state_of_labelled_folder(tmp_path, configured, FileDigests("one")))
    table.write_text("image,age\na.jpg,13\n")
    os.utime(table, (0, 0))
    assert list(state_of_labelled_folder(tmp_path, configured, FileDigests("one"))) != before


Files = Mapping[str, bytes]
_NAMES = st.text("ab.1 é", min_size=1, max_size=6).filter(lambda name: name.strip(". ") == name)
_FILES = st.dictionaries(_NAMES, st.binary(max_size=8), max_size=5)


def state_of(files: Files, modified: int = 0, *, backwards: bool = False) -> list[str]:
    """Returns the state of a new folder with these files, all of the same time."""
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(files, reverse=backwards):
            path = Path(folder, name)
            path.write_bytes(files[name])
            os.utime(path, (modified, modified))
        return list(state_of_labelled_folder(Path(folder), None, FileDigests("drawn")))


@settings(max_examples=60, deadline=None)
@given(_FILES, _FILES, st.integers(0, 2**31))
def test_it_depends_on_names_and_contents_and_on_nothing_else(one: Files, other: Files, modified: int) -> None:
    assert state_of(one) == state_of(one, modified, backwards=True)
    assert (state_of(one) == state_of(other)) == (one == other)


@settings(max_examples=60, deadline=None)
@given(_FILES.filter(bool), st.data())
def test_each_changed_byte_changes_it(files: Files, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    changed = data.draw(st.binary(min_size=len(files[name]), max_size=len(files[name])))
    assert (state_of({**files, name: changed}) == state_of(files)) == (changed == files[name])
