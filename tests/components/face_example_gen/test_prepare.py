"""Archives are prepared once, by one process, completely or not at all."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from components.face_example_gen.prepare import archive_dir, prepare_source, source_of
from components.face_example_gen.settings import LabelledFolderSettings
from tests.components.face_example_gen.archives import digest_of_archives, drawn, folder_of
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tfds_builders.archive import FolderArchive, Listing
from visage import progress
from visage.errors import VisageError
from visage.lock import locked

pytestmark = pytest.mark.one_stack


def test_the_named_folder_is_the_one_that_is_read(archives: Path, tmp_path: Path) -> None:
    assert archive_dir(folder_of(archives), tmp_path / "data") == archives
    with pytest.raises(VisageError, match=rf"^data\.dir: {tmp_path}/none does not exist; "):
        archive_dir(folder_of(tmp_path / "none"), tmp_path / "data")


def test_portraits_are_drawn_once(tmp_path: Path) -> None:
    folder = archive_dir(drawn(), tmp_path)
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert archive_dir(drawn(), tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == files


def test_leftovers_of_a_killed_drawing_are_removed(tmp_path: Path) -> None:
    name = digest_of_archives(drawn())
    leftover = tmp_path / "sample_portraits" / f".{name}.unfinished-x1y2"
    leftover.mkdir(parents=True)
    (leftover / "half.jpg").write_bytes(b"half")
    archive_dir(drawn(), tmp_path)
    assert not leftover.exists()


def test_a_data_set_is_prepared_once_and_remembers_its_counts(utkface: Path, tmp_path: Path) -> None:
    first = source_of("utkface", prepare_source("utkface", utkface, tmp_path / "prepared"))
    shutil.rmtree(utkface)
    again = source_of("utkface", prepare_source("utkface", utkface, tmp_path / "prepared"))
    assert first == again
    assert first.records + sum(first.skipped.values()) == first.archive_rows
    assert first.skipped["picture_empty"] >= 1
    assert all(Path(file).is_file() for file in first.files)


def test_a_data_set_is_prepared_in_a_folder_whose_name_is_a_pattern(utkface: Path, tmp_path: Path) -> None:
    archives, root, neighbour = tmp_path / "a[1] *?'~", tmp_path / "r[1] *?'~", tmp_path / "r1 xy'~"
    utkface.rename(archives)
    neighbour.mkdir()
    for name in ("incomplete.1", "utkface-train.tfrecord-00000-of-00001", "dataset_info.json"):
        (neighbour / name).write_text("the neighbour's")
    first = source_of("utkface", prepare_source("utkface", archives, root))
    assert first.files
    assert all(Path(file).is_file() and Path(file).is_relative_to(root) for file in first.files)
    shutil.rmtree(archives)
    assert source_of("utkface", prepare_source("utkface", archives, root)) == first
    assert {path.read_text() for path in neighbour.iterdir()} == {"the neighbour's"}
    assert len(list(neighbour.iterdir())) == 3


def test_a_labelled_folder_is_prepared_by_its_settings(utkface: Path, tmp_path: Path) -> None:
    (utkface / "team").mkdir()
    image = next(path for path in sorted((utkface / "UTKFace").iterdir()) if path.stat().st_size)
    shutil.copy(image, utkface / "team" / "ada.jpg")
    (utkface / "team" / "gt.csv").write_text("file_name,real_age\nada.jpg,30\nbo.jpg,31\n")
    folder = LabelledFolderSettings(labels="gt.csv", columns={"image": "file_name", "age": "real_age"})
    name = "labelled_folder/team"
    source = source_of(name, prepare_source(name, utkface, tmp_path / "prepared", folder))
    assert (source.archive_rows, source.records, source.skipped) == (2, 1, {"picture_missing": 1})
    assert source.examples == {"picture_missing": "gt.csv, row 2: bo.jpg: the folder has no such image"}
    with pytest.raises(VisageError, match=r"no labels\.csv or labels\.parquet in .*team"):
        prepare_source(name, utkface, tmp_path / "other")


def test_preparing_reports_progress(utkface: Path, tmp_path: Path) -> None:
    steps = []
    with progress.listening(lambda step, done, total, note: steps.append((step, done, total))):
        prepare_source("utkface", utkface, tmp_path / "prepared")
    assert steps[0] == ("prepare utkface", 0, None)
    step, done, total = steps[-1]
    assert step == "read UTKFace"
    assert done == total
    assert done > 30


@pytest.mark.parametrize("dataset", ["utkface", "adience/faces", "imdb_wiki/wiki"])
def test_a_missing_archive_is_an_error_of_one_line_that_names_the_folder(dataset: str, tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    (archives / "something.txt").write_text("else")
    with pytest.raises(VisageError) as error:
        prepare_source(dataset, archives, tmp_path / "prepared")
    assert str(archives) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_half_downloaded_archive_is_an_error_of_one_line_and_leaves_nothing_prepared(
    utkface: Path, tmp_path: Path
) -> None:
    import tarfile

    whole = tmp_path / "UTKFace.tar.gz"
    with tarfile.open(whole, "w:gz") as tar:
        tar.add(utkface / "UTKFace", "UTKFace")
    half = tmp_path / "half"
    half.mkdir()
    (half / "UTKFace.tar.gz").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(VisageError, match=r"UTKFace\.tar\.gz: truncated or damaged .*; download it again"):
        prepare_source("utkface", half, tmp_path / "prepared")
    assert not list((tmp_path / "prepared" / "utkface").glob("*/dataset_info.json"))

    whole.rename(half / "UTKFace.tar.gz")
    assert source_of("utkface", prepare_source("utkface", half, tmp_path / "prepared")).records > 30


@pytest.mark.parametrize("content", [None, b"", b"\xff damaged"])
def test_a_prepared_data_set_without_counts_is_an_error_of_one_line(
    utkface: Path, tmp_path: Path, content: bytes | None
) -> None:
    folder = Path(prepare_source("utkface", utkface, tmp_path / "prepared").data_dir)
    if content is None:
        (folder / "dataset_info.json").unlink()
    else:
        (folder / "dataset_info.json").write_bytes(content)
    with pytest.raises(VisageError, match=r"^.*/prepared/utkface.*: the prepared data set is damaged; remove that fo"):
        source_of("utkface", prepare_source("utkface", utkface, tmp_path / "prepared"))


def test_errors_of_the_build_are_not_reported_as_damaged_prepared_data(
    utkface: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(archive: FolderArchive) -> Listing:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a fault of the builder")

    monkeypatch.setattr(FolderArchive, "listing", fails)
    with pytest.raises(UnicodeDecodeError, match="a fault of the builder"):
        prepare_source("utkface", utkface, tmp_path / "prepared")


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(utkface: Path, tmp_path: Path) -> None:
    (tmp_path / "prepared").write_text("a file, where a folder should be")
    with pytest.raises(VisageError, match=r"^cannot prepare utkface in .*prepared/utkface \(.*\): name a workspace"):
        prepare_source("utkface", utkface, tmp_path / "prepared")


PREPARE = """
import sys
from pathlib import Path
from visage.errors import VisageError
from components.face_example_gen.prepare import prepare_source
try:
    prepare_source("utkface", Path(sys.argv[2]), Path(sys.argv[1]))
except VisageError as error:
    print(error)
"""


def test_an_unreadable_file_is_not_reported_as_unwritable(tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    (archives / "UTKFace").mkdir(parents=True)
    archives.chmod(0)
    # Root reads all the same, unless it gives that right away.
    as_others_do = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*as_others_do, sys.executable, "-c", PREPARE, str(tmp_path / "prepared"), str(archives)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        archives.chmod(0o700)
    last_line = ended.stdout.splitlines()[-1]
    assert last_line.startswith(str(archives))
    assert last_line.endswith("cannot be read (Permission denied); make it readable, folders above it included")


def test_a_full_disk_is_an_error_of_one_line(utkface: Path, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(image.stat().st_size for image in (utkface / "UTKFace").iterdir())
    small = [
        "unshare",
        "--mount",
        "sh",
        "-ec",
        'mount -t tmpfs -o size="$0" tmpfs "$4"; exec "$@"',
        str(size * 4 // 5),
    ]
    ended = subprocess.run(
        [*small, sys.executable, "-c", PREPARE, str(disk), str(utkface)], capture_output=True, text=True, check=True
    )
    last_line = ended.stdout.splitlines()[-1]
    assert last_line == f"cannot prepare utkface in {disk}/utkface (No space left on device): free space there"


def test_two_runs_that_want_the_same_data_set_prepare_it_one_after_the_other(utkface: Path, tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    steps: list[str] = []
    with locked(prepared / "utkface.lock", "prepare utkface"):
        waiting = threading.Thread(target=prepare_source, args=("utkface", utkface, prepared))
        with progress.listening(lambda step, done, total, note: steps.append(step)):
            waiting.start()
            wait_until(lambda: len(steps) == 2 or not waiting.is_alive(), "the second run's word that it waits")
        assert steps == ["prepare utkface", "wait for another run to prepare utkface"]
        assert not (prepared / "utkface").exists()
    waiting.join(timeout=HANG_GUARD_SECONDS)
    assert list((prepared / "utkface").glob("*/dataset_info.json"))
