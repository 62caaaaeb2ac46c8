"""Digests of files are of their contents, and an unchanged file is read once."""

import hashlib
import os
from pathlib import Path

import pytest

from tfds_builders import file_digests
from tfds_builders.file_digests import FileDigests, remembered_digests


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    return tmp_path / "data" / "digests" / "memo"


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusts a file at once."""
    monkeypatch.setattr(file_digests, "_TRUSTED_AFTER_NS", 0)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    found: list[Path] = []

    def reading(self: FileDigests, path: Path) -> bytes:
        found.append(path)
        return really_read(self, path)

    really_read = FileDigests._read
    monkeypatch.setattr(FileDigests, "_read", reading)
    return found


def digest(memo: Path | None, *paths: Path) -> list[str]:
    with remembered_digests(memo, "images") as digests:
        return [digests.of(path) for path in paths]


def sha256(content: bytes) -> list[str]:
    return [hashlib.sha256(content).hexdigest()]


@pytest.mark.usefixtures("trusting")
def test_an_unchanged_file_is_read_once(image: Path, memo: Path, read: list[Path]) -> None:
    assert [digest(memo, image) for _ in range(3)] == [sha256(b"one")] * 3
    assert read == [image]


@pytest.mark.usefixtures("trusting")
def test_a_changed_file_is_read_again_even_if_size_and_time_are_reset(
    image: Path, memo: Path, read: list[Path]
) -> None:
    modified_ns = image.stat().st_mtime_ns
    digest(memo, image)
    image.write_bytes(b"two")
    os.utime(image, ns=(modified_ns, modified_ns))
    assert digest(memo, image) == sha256(b"two")
    assert read == [image, image]


@pytest.mark.usefixtures("trusting")
def test_a_file_that_takes_the_place_of_another_is_read(image: Path, memo: Path) -> None:
    digest(memo, image)
    other = image.with_name("b.jpg")
    other.write_bytes(b"two")
    os.utime(other, ns=(0, image.stat().st_mtime_ns))
    other.replace(image)
    assert digest(memo, image) == sha256(b"two")


def test_a_file_that_has_just_changed_is_not_trusted(image: Path, memo: Path, read: list[Path]) -> None:
    assert digest(memo, image) == digest(memo, image)
    assert read == [image, image]
    assert not memo.exists()


@pytest.mark.usefixtures("trusting")
def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    image: Path, memo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(self: FileDigests, path: Path) -> bytes:
        found = really_read(self, path)
        path.write_bytes(b"two, longer")
        return found

    really_read = FileDigests._read
    monkeypatch.setattr(FileDigests, "_read", reading)
    assert digest(memo, image) == sha256(b"one")
    monkeypatch.setattr(FileDigests, "_read", really_read)
    assert digest(memo, image) == sha256(b"two, longer")


@pytest.mark.usefixtures("trusting")
def test_a_file_that_is_gone_is_forgotten(image: Path, memo: Path) -> None:
    other = image.with_name("b.jpg")
    other.write_bytes(b"two")
    digest(memo, image, other)
    both = memo.stat().st_size
    digest(memo, image)
    assert memo.stat().st_size < both


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "another program's"])
def test_a_damaged_memo_counts_as_none(image: Path, memo: Path, read: list[Path], damage: str) -> None:
    digest(memo, image)
    content = bytearray(memo.read_bytes())
    content[-40] ^= 1
    damaged = {"flipped": bytes(content), "cut": bytes(content[:-1]), "empty": b"", "another program's": b"x" * 200}
    memo.write_bytes(damaged[damage])
    assert digest(memo, image) == digest(memo, image) == sha256(b"one")
    assert read == [image, image]


@pytest.mark.usefixtures("trusting")
def test_a_memo_that_cannot_be_written_is_no_error(image: Path) -> None:
    assert digest(Path("/dev/null/digests/memo"), image) == digest(None, image) == sha256(b"one")


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest(None, tmp_path / "none")
