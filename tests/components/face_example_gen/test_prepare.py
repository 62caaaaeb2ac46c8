"""Archives are prepared once, by one process, completely or not at all."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from components.face_example_gen.prepare import archive_digest, archive_dir, prepare_source, source_of
from components.face_example_gen.settings import (
    DataSettings,
    LabelledFolderSettings,
    SamplePortraitsSettings,
)
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tfds_builders.archive import FolderArchive, Listing
from visage import progress
from visage.errors import VisageError
from visage.lock import locked


def folder_of(path: Path) -> DataSettings:
    return DataSettings(dir=str(path), sources=["utkface"])


def drawn(count: int = 30, seed: int = 1) -> DataSettings:
    return DataSettings(sources=["utkface"], sample_portraits=SamplePortraitsSettings(count=count, seed=seed))


def digest_of_archives(data: DataSettings) -> str:
    return archive_digest(data, data.sources[0])


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    folder = tmp_path / "archives"
    (folder / "UTKFace").mkdir(parents=True)
    (folder / "UTKFace" / "1_0_0_20170109150557335.jpg.chip.jpg").write_bytes(b"one")
    return folder


@pytest.fixture
def utkface(portraits: Path, tmp_path: Path) -> Path:
    """A folder with UTKFace's drawn images alone."""
    folder = tmp_path / "archives"
    shutil.copytree(portraits / "UTKFace", folder / "UTKFace")
    return folder


class TestArchiveDigest:
    def test_it_stays_while_nothing_changes(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / "UTKFace" / "1_0_0_20170109150557335.jpg.chip.jpg").read_bytes()
        assert digest_of_archives(folder_of(archives)) == before

    @pytest.mark.parametrize("name", ["team/labels.csv", "team/labels.parquet"])
    def test_a_table_with_other_contents_of_the_same_size_and_time_changes_it(self, tmp_path: Path, name: str) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["labelled_folder/team"])
        states = [state_of(data, tmp_path / name, content) for content in (b"a,f", b"a,m", b"a,f")]
        assert states[0] == states[2] != states[1]

    @pytest.mark.parametrize(
        ("dataset", "name"),
        [
            ("adience/faces", "adience/fold_3_data.txt"),
            ("imdb_wiki/wiki", "imdb_wiki/wiki.mat"),
            ("imdb_wiki/wiki", "wiki_crop/wiki.mat"),
        ],
    )
    def test_a_changed_table_of_a_published_data_set_changes_it(self, tmp_path: Path, dataset: str, name: str) -> None:
        data = DataSettings(dir=str(tmp_path), sources=[dataset])
        states = [state_of(data, tmp_path / name, content) for content in (b"a,f", b"a,m", b"a,f")]
        assert states[0] == states[2] != states[1]

    @pytest.mark.parametrize("where", [0, 5_000_000, 9_999_999])
    def test_a_large_archive_is_sampled(self, tmp_path: Path, where: int) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["utkface"])
        content = bytearray(10_000_000)
        before = state_of(data, tmp_path / "UTKFace.tar.gz", bytes(content))
        # More than the distance between two of the blocks that are read.
        content[max(0, where - 700_000) : where + 1] = b"x" * (where + 1 - max(0, where - 700_000))
        assert state_of(data, tmp_path / "UTKFace.tar.gz", bytes(content)) != before

    def test_file_names_that_are_not_utf8_count(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        Path(os.fsdecode(os.fsencode(archives / "UTKFace") + b"/r\xe9sum\xe9\n.jpg")).touch()
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_new_file_changes_it(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / "UTKFace" / "2_0_0_20170109150557335.jpg.chip.jpg").write_bytes(b"two")
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_lost_file_changes_it(self, archives: Path) -> None:
        before = digest_of_archives(folder_of(archives))
        next((archives / "UTKFace").iterdir()).unlink()
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_file_of_the_same_size_with_other_contents_changes_it(self, archives: Path) -> None:
        file = next((archives / "UTKFace").iterdir())
        before = digest_of_archives(folder_of(archives))
        file.write_bytes(b"two")
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
        assert digest_of_archives(folder_of(archives)) != before

    def test_a_renamed_file_changes_it(self, archives: Path) -> None:
        file = next((archives / "UTKFace").iterdir())
        before = digest_of_archives(folder_of(archives))
        file.rename(file.with_name("9_0_0_20170109150557335.jpg.chip.jpg"))
        assert digest_of_archives(folder_of(archives)) != before

    @pytest.mark.parametrize(
        "name", ["runs/log.txt", "notes.txt", "UTKFace.zip", "fold_0_data.txt", "adience/faces/a.jpg"]
    )
    def test_files_that_the_sources_do_not_read_leave_it(self, archives: Path, name: str) -> None:
        before = digest_of_archives(folder_of(archives))
        (archives / name).parent.mkdir(parents=True, exist_ok=True)
        (archives / name).write_bytes(b"something")
        assert digest_of_archives(folder_of(archives)) == before

    @pytest.mark.parametrize(
        ("dataset", "names"),
        [
            ("utkface", ["UTKFace.tar", "UTKFace.tar.gz", "UTKFace/deeper/a.jpg"]),
            ("adience/faces", ["adience/fold_3_data.txt", "fold_3_data.txt", "adience/faces.tar.gz", "faces/a/b.jpg"]),
            ("adience/aligned", ["adience/aligned/a/b.jpg", "aligned.tar"]),
            ("imdb_wiki/wiki", ["imdb_wiki/wiki_crop.tar", "wiki_crop/17/a.jpg", "imdb_wiki/wiki.mat", "wiki.mat"]),
            ("imdb_wiki/imdb", ["imdb_wiki/imdb_crop/imdb.mat", "imdb_crop.tar"]),
        ],
    )
    def test_each_file_that_a_source_may_read_changes_it(self, dataset: str, names: list[str], tmp_path: Path) -> None:
        data = DataSettings(dir=str(tmp_path), sources=[dataset])
        seen = {digest_of_archives(data)}
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"something")
            seen.add(digest_of_archives(data))
        assert len(seen) == 1 + len(names)

    def test_each_file_of_a_labelled_folder_changes_it(self, tmp_path: Path) -> None:
        data = DataSettings(dir=str(tmp_path), sources=["labelled_folder/team"])
        seen = {digest_of_archives(data)}
        for name in ("labels.csv", "a.jpg", "deeper/b.png"):
            (tmp_path / "team" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "team" / name).write_bytes(b"something")
            seen.add(digest_of_archives(data))
        assert len(seen) == 4
        (tmp_path / "crew").mkdir()
        (tmp_path / "crew" / "labels.csv").write_bytes(b"something")
        assert digest_of_archives(data) in seen

    def test_a_labelled_folder_that_is_a_link_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "archives").mkdir()
        (tmp_path / "archives" / "team").symlink_to(tmp_path / "elsewhere")
        data = DataSettings(dir=str(tmp_path / "archives"), sources=["labelled_folder/team"])
        before = digest_of_archives(data)
        (tmp_path / "elsewhere" / "labels.csv").write_bytes(b"something")
        assert digest_of_archives(data) != before

    def test_the_layout_of_a_labelled_folder_changes_it(self, tmp_path: Path) -> None:
        def read(**folders: LabelledFolderSettings) -> str:
            sources = ["labelled_folder/team"]
            return digest_of_archives(DataSettings(dir=str(tmp_path), sources=sources, labelled_folders=folders))

        renamed = LabelledFolderSettings(columns={"age": "years"})
        assert read(team=renamed) != read() == read(team=LabelledFolderSettings()) == read(crew=renamed)

    def test_another_version_of_the_builders_changes_it(self, archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = digest_of_archives(folder_of(archives)), digest_of_archives(drawn())
        monkeypatch.setattr("components.face_example_gen.prepare.source_digest", lambda *packages: "another")
        after = digest_of_archives(folder_of(archives)), digest_of_archives(drawn())
        assert before[0] != after[0]
        assert before[1] != after[1]

    def test_drawn_portraits_with_other_settings_have_another_digest(self) -> None:
        assert digest_of_archives(drawn()) == digest_of_archives(drawn())
        both = drawn().model_copy(update={"sources": ["utkface", "adience/faces"]})
        assert len({digest_of_archives(data) for data in (drawn(), drawn(count=31), drawn(seed=2), both)}) == 4

    def test_another_source_beside_it_leaves_it_so_that_it_need_not_be_prepared_again(self, archives: Path) -> None:
        both = folder_of(archives).model_copy(update={"sources": ["adience/faces", "utkface"]})
        assert archive_digest(both, "utkface") == digest_of_archives(folder_of(archives))

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(VisageError, match=rf"^data\.dir: {tmp_path}/none does not exist; "):
            digest_of_archives(folder_of(tmp_path / "none"))


def state_of(data: DataSettings, file: Path, content: bytes) -> str:
    """Returns the digest with this file, whose time is always the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, ns=(0, 0))
    return digest_of_archives(data)


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


def test_a_file_whose_name_is_no_utf8_counts(archives: Path) -> None:
    before = digest_of_archives(folder_of(archives))
    Path(os.fsdecode(os.fsencode(archives / "UTKFace") + b"/r\xe9sum\xe9.txt")).touch()
    assert digest_of_archives(folder_of(archives)) != before


def test_a_labelled_folder_is_prepared_by_its_settings(utkface: Path, tmp_path: Path) -> None:
    (utkface / "team").mkdir()
    image = next(path for path in sorted((utkface / "UTKFace").iterdir()) if path.stat().st_size)
    shutil.copy(image, utkface / "team" / "ada.jpg")
    (utkface / "team" / "gt.csv").write_text("file_name,real_age\nada.jpg,30\nbo.jpg,31\n")
    folder = LabelledFolderSettings(labels="gt.csv", columns={"picture": "file_name", "age": "real_age"})
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


# Stops for ever in the middle of what it does, so that it can be killed exactly there.
STUCK = """
import sys, time
from pathlib import Path
from visage import progress
from components.face_example_gen.prepare import archive_dir, prepare_source
from components.face_example_gen.settings import DataSettings

def stop(step, done, total, note):
    if step == sys.argv[1]:
        print("stuck", flush=True)
        time.sleep(3600)

data = DataSettings.model_validate_json(sys.argv[2])
with progress.listening(stop):
    prepare_source("utkface", archive_dir(data, Path(sys.argv[3])), Path(sys.argv[3]) / "prepared")
"""


def kill_in(step: str, data: DataSettings, data_root: Path) -> None:
    """Starts a preparation, and kills it with signal 9 when it reports `step`."""
    command = [sys.executable, "-c", STUCK, step, data.model_dump_json(), str(data_root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        while (line := process.stdout.readline()) and "stuck" not in line:
            pass
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("step", "leftovers"),
    [("draw portraits", "sample_portraits/.*.unfinished-*"), ("read UTKFace", "prepared/utkface/incomplete.*")],
)
def test_a_second_run_after_kill_9_is_complete_and_leaves_no_leftovers(
    step: str, leftovers: str, tmp_path: Path
) -> None:
    kill_in(step, drawn(), tmp_path)
    assert list(tmp_path.glob(leftovers)) != []

    source = source_of("utkface", prepare_source("utkface", archive_dir(drawn(), tmp_path), tmp_path / "prepared"))
    assert list(tmp_path.glob(leftovers)) == []
    images = list(tmp_path.glob("sample_portraits/*/UTKFace/*.jpg"))
    assert len(images) == source.archive_rows == source.records + sum(source.skipped.values())


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


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from visage.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'work'): os.kill(os.getpid(), 9)"
    )
    lock = tmp_path / "lock"
    assert subprocess.run([sys.executable, "-c", code, str(lock)], check=False).returncode == -signal.SIGKILL
    with locked(lock, "work"):
        assert lock.exists()
