"""A tar and its extracted folder have the same content; damaged and unsafe archives are refused in one line."""

import io
import lzma
import tarfile
from pathlib import Path

import pytest

from tfds_builders.archive import Archive, FolderArchive, TarArchive, find_archive
from visage.errors import VisageError
from visage.progress import listening

FILES = {"a.jpg": b"first", "user/b.jpg": b"", "user/c.txt": b"third" * 1000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, contents in FILES.items():
        path = tmp_path / "extracted" / "faces" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
    return tmp_path / "extracted" / "faces"


def packed(folder: Path, name: str, prefix: str = "") -> TarArchive:
    path = folder.parent / name
    with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as tar:
        tar.add(folder, f"{prefix}faces")
    return TarArchive(path, "faces")


def archives(folder: Path) -> list[Archive]:
    return [
        FolderArchive(folder),
        packed(folder, "faces.tar"),
        packed(folder, "faces.tar.gz"),
        packed(folder, "dotted.tar", prefix="./"),
    ]


def sizes(archive: Archive) -> dict[str, int]:
    return {name: entry.size for name, entry in archive.listing().files.items() if not entry.reason}


def reasons(archive: Archive) -> dict[str, str]:
    listing = archive.listing()
    return {entry.name: entry.reason for entry in (*listing.others, *listing.files.values()) if entry.reason}


def test_every_form_gives_the_same_files(folder: Path) -> None:
    for archive in archives(folder):
        assert sizes(archive) == {name: len(contents) for name, contents in FILES.items()}
        assert archive.listing().others == []
        assert dict(archive.read(FILES)) == FILES


def test_only_requested_members_are_read(folder: Path) -> None:
    for archive in archives(folder):
        assert list(archive.read({"a.jpg"})) == [("a.jpg", b"first")]


def test_a_member_that_is_there_twice_is_read_once(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "faces.tar", "w") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("faces/a.jpg"))
    archive = TarArchive(tmp_path / "faces.tar", "faces")
    assert list(archive.read({"a.jpg"})) == [("a.jpg", b"")]
    assert sizes(archive) == {"a.jpg": 0}
    assert reasons(archive) == {"a.jpg": "member_repeated"}


def test_members_outside_the_top_folder_are_listed_as_such(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "faces.tar", "w") as tar:
        for name in ("README", "__MACOSX/faces/._a.jpg", "faces/a.jpg"):
            tar.addfile(tarfile.TarInfo(name))
    archive = TarArchive(tmp_path / "faces.tar", "faces")
    assert sizes(archive) == {"a.jpg": 0}
    assert reasons(archive) == {"README": "outside_folder", "__MACOSX/faces/._a.jpg": "outside_folder"}


def test_reading_reports_progress(folder: Path) -> None:
    seen: list[tuple[str, int, int | None, str]] = []
    with listening(lambda *progress: seen.append(progress)):
        list(FolderArchive(folder).read(FILES))
    assert seen == [("read faces", 0, 3, ""), ("read faces", 3, 3, "")]


@pytest.mark.parametrize("name", ["faces.tar", "faces.tar.gz"])
@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.9])
def test_a_tar_that_is_cut_off_is_an_error_of_one_line(folder: Path, name: str, fraction: float) -> None:
    archive = packed(folder, name)
    contents = archive.path.read_bytes()
    # The last kilobytes of a plain tar are padding: cut what comes before them.
    end = len(contents) if name.endswith("gz") else contents.rstrip(b"\0").__len__()
    archive.path.write_bytes(contents[: int(end * fraction)])
    with pytest.raises(VisageError, match=rf"{name}: truncated or damaged \(.*\); download it again$") as caught:
        archive.listing()
    assert "\n" not in str(caught.value)


def test_a_damaged_xz_tar_is_an_error_of_one_line(folder: Path) -> None:
    archive = packed(folder, "faces.tar")
    contents = bytearray(lzma.compress(archive.path.read_bytes()))
    contents[len(contents) // 2] ^= 0xFF
    archive.path.write_bytes(contents)
    with pytest.raises(VisageError, match=r"faces.tar: truncated or damaged \(.*\); download it again$"):
        archive.listing()


def test_a_tar_that_ends_between_two_members_is_cut_off_too(folder: Path) -> None:
    archive = packed(folder, "faces.tar")
    with tarfile.open(archive.path) as tar:
        last = tar.getmembers()[-1].offset
    archive.path.write_bytes(archive.path.read_bytes()[:last])
    with pytest.raises(VisageError, match="truncated or damaged"):
        archive.listing()


def test_a_file_that_is_no_tar_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "faces.tar.gz").write_bytes(b"<html>Please log in</html>" * 100)
    with pytest.raises(VisageError, match="truncated or damaged"):
        find_archive([tmp_path], "faces", "get it").listing()


@pytest.mark.parametrize("name", ["faces/../../a.jpg", "/etc/a.jpg"])
def test_a_member_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "faces.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(VisageError, match=r"member '.*a.jpg' points outside the archive.*; get the archive again"):
        TarArchive(tmp_path / "faces.tar", "faces").listing()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_is_listed_as_such(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("faces/a.jpg")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(tmp_path / "faces.tar", "w") as tar:
        tar.addfile(member)
    archive = TarArchive(tmp_path / "faces.tar", "faces")
    assert (sizes(archive), reasons(archive)) == ({}, {"a.jpg": "link"})


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../../an image.jpg", "picture_outside_folder"),
        ("../../folder", "picture_outside_folder"),
        ("../..", "picture_outside_folder"),
        ("../../nothing", "picture_outside_folder"),
        ("nothing", "link"),
        ("link", "link"),
        ("../user", "link"),
    ],
)
def test_a_link_out_of_an_extracted_folder_to_a_folder_or_nowhere_is_listed_as_such(
    folder: Path, target: str, reason: str
) -> None:
    (folder.parent / "an image.jpg").touch()
    (folder.parent / "folder").mkdir()
    (folder / "user/link").symlink_to(target)
    archive = FolderArchive(folder)
    assert reasons(archive) == {"user/link": reason}
    assert sizes(archive) == {name: len(contents) for name, contents in FILES.items()}


def test_a_tar_that_may_not_be_read_is_not_called_damaged(unprivileged_folder: Path) -> None:
    path = unprivileged_folder / "faces.tar"
    path.touch()
    path.chmod(0)
    with pytest.raises(VisageError, match=r"faces.tar: cannot be read \(Permission denied\); make it readable"):
        TarArchive(path, "faces").listing()


def test_a_link_within_an_extracted_folder_is_a_file_like_any_other(folder: Path) -> None:
    (folder / "copy.jpg").symlink_to("a.jpg")
    assert sizes(FolderArchive(folder)) == {name: len(contents) for name, contents in FILES.items()} | {"copy.jpg": 5}


def test_the_extracted_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "faces").symlink_to(folder)
    assert find_archive([tmp_path], "faces", "get it").listing().files.keys() == FILES.keys()


def test_a_tar_is_preferred_to_a_folder(folder: Path) -> None:
    packed(folder, "faces.tar.gz")
    assert isinstance(find_archive([folder.parent], "faces", "get it"), TarArchive)


def test_a_missing_archive_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError) as caught:
        find_archive([tmp_path / "one", tmp_path], "faces", "get it from its authors")
    places = f"{tmp_path}/one or {tmp_path}"
    assert str(caught.value) == f"no faces.tar.gz, faces.tar or faces/ in {places}: get it from its authors"


@pytest.mark.parametrize("name", ["Faces", "faces.TAR.GZ", "face"])
def test_an_archive_under_nearly_its_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(VisageError, match=rf"^no faces\..*: it holds {name}, did you mean that\? Rename it; get"):
        find_archive([tmp_path], "faces", "get it")
