"""Whether a file may be read is part of its state: a picture that was skipped for it is read when it may be."""

from pathlib import Path

from tfds_builders.archive_state import state_of_archive


def test_a_picture_that_may_be_read_again_changes_it(unprivileged_folder: Path) -> None:
    picture = unprivileged_folder / "UTKFace/2_0_0_20170109150557335.jpg.chip.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"two")
    before = list(state_of_archive(unprivileged_folder, "utkface"))
    picture.chmod(0)
    assert list(state_of_archive(unprivileged_folder, "utkface")) != before
    picture.chmod(0o600)
    assert list(state_of_archive(unprivileged_folder, "utkface")) == before
