"""Errors that would end a run are found before heavy imports; each is one line."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.face_example_gen.settings import DataSettings
from pipeline.checks import early_checks, free_space
from pipeline.checks.early_checks import CHECKS, OF_A_RUN, CheckContext, all_findings, check_early, check_runs
from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.run_lock import hold_run_lock
from tests.helpers.project import PROJECT
from tests.pipeline.locked_database import locked
from visage.errors import VisageError

LIGHT = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "tfx", "apache_beam", "tensorflow_datasets", "ml_metadata", "keras"):
            raise RuntimeError(f"{name} is imported")
sys.meta_path.insert(0, Forbidden())
sys.argv[0] = "visage"
from pipeline.__main__ import main
main()
"""


def light_visage(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `visage WORDS` where nothing heavy can be imported."""
    command = [sys.executable, "-c", LIGHT, *map(str, words)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def config_of(workspace: Path, *overrides: str) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}", *overrides])


def folder_config(tmp_path: Path, content: str, **reading: Any) -> PipelineConfig:
    """A configuration that reads the labelled folder `faces`."""
    folder = tmp_path / "archives" / "faces"
    folder.mkdir(parents=True)
    (folder / "labels.csv").write_text(content)
    return config_of(
        tmp_path / "runs",
        f"data.dir={tmp_path / 'archives'}",
        "data.sources=[labelled_folder/faces]",
        f"data.labelled_folders={{faces: {json.dumps(reading)}}}",
    )


def archive_config(tmp_path: Path, source: str) -> PipelineConfig:
    (tmp_path / "archives").mkdir(exist_ok=True)
    return config_of(tmp_path / "runs", f"data.dir={tmp_path / 'archives'}", f"data.sources=[{source}]")


def pack(tar: Path, *members: str) -> None:
    with tarfile.open(tar, "w:gz" if tar.suffix == ".gz" else "w") as archive:
        for member in members:
            archive.addfile(tarfile.TarInfo(member))


def test_a_valid_configuration_passes_and_no_file_is_created(tmp_path: Path) -> None:
    config = config_of(tmp_path / "runs")
    assert check_early(config, OF_A_RUN) == []
    assert [finding.name for finding in all_findings(config)] == list(CHECKS)
    assert not (tmp_path / "runs").exists()


def test_the_tables_are_read_once_for_all_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder_config(tmp_path, "picture,age\n1.png,30\n")
    looks: list[object] = []

    def count_looks(data: DataSettings) -> list[Path]:
        looks.append(data)
        return []

    monkeypatch.setattr(early_checks, "check_archives", count_looks)
    check_early(config, OF_A_RUN)
    assert looks == [config.data]


def test_the_lock_of_a_run_is_checked(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    with (
        hold_run_lock(config.root),
        pytest.raises(VisageError, match=r"^.*: another run of this pipeline is active; wait fo"),
    ):
        check_early(config, ["lock"])
    check_early(config, ["lock"])


def test_a_locked_database_is_an_error_of_one_line(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    config.root.mkdir()
    database = config.root / "metadata.sqlite"
    database.write_bytes(b"")
    subprocess.run(
        [sys.executable, "-c", f"import sqlite3; sqlite3.connect({str(database)!r}).execute('CREATE TABLE t(a)')"],
        check=True,
    )
    with (
        locked(database, "EXCLUSIVE"),
        pytest.raises(VisageError, match=r"/metadata\.sqlite: another process has locked it"),
    ):
        check_early(config, ["metadata"])
    check_early(config, ["metadata"])


def test_a_run_needs_a_writable_database_and_an_inspection_a_readable_one(unprivileged_folder: Path) -> None:
    config = config_of(unprivileged_folder)
    config.root.mkdir()
    database = config.root / "metadata.sqlite"
    database.touch(0o400)
    with pytest.raises(
        VisageError, match=r"/metadata\.sqlite: cannot be written \(Permission denied\); make it writab"
    ):
        check_early(config, ["metadata"])
    check_runs(config)


def test_a_workspace_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(VisageError, match=r"/runs: is a file, not a folder; name another one by --set workspace=DIR$"):
        check_early(config_of(tmp_path / "runs"), ["workspace"])


@pytest.mark.parametrize(
    ("free_mib", "status", "detail"),
    [
        (50, "missing", "50 MiB free in {}; a run takes at least 100 MiB"),
        (1024, "note", "1.0 GiB free in {}; a run takes up to 2.0 GiB"),
        (4096, "ok", "4.0 GiB free in {}"),
    ],
)
def test_free_space_has_three_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, status: str, detail: str
) -> None:
    usage = type("Usage", (), {"free": free_mib * 2**20})
    monkeypatch.setattr(free_space.shutil, "disk_usage", lambda folder: usage)
    found = free_space.free_space(tmp_path / "not" / "there")
    assert (found.status, found.detail) == (status, detail.format(tmp_path))


def test_a_missing_archive_is_reported_once(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface")
    assert [finding.name for finding in all_findings(config) if finding.status == "missing"] == ["archives"]


def test_packed_archives_add_to_the_needed_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / "UTKFace.tar", "UTKFace", "UTKFace/1.jpg")
    with (tmp_path / "archives" / "UTKFace.tar").open("ab") as archive:
        archive.truncate(300 * 2**20)
    usage = type("Usage", (), {"free": 350 * 2**20})
    monkeypatch.setattr(free_space.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(
        VisageError, match=r"^disk: 350 MiB free in .*; a run takes at least 400 MiB; free some, or set "
    ):
        check_early(config, ["disk"])
    (config.data_root / "prepared").mkdir(parents=True)
    assert [note.status for note in check_early(config, ["disk"])] == ["note"]


@pytest.mark.parametrize(
    ("labels", "reading", "line"),
    [
        ("picture;age\na.jpg;3\n", {}, r'is not separated by ",": set data\.labelled_folders\.faces\.separator: ";"'),
        ("file,age\na.jpg,3\n", {}, r"has no column 'picture'"),
        ("picture,Age\na.jpg,3\n", {}, r"column 'Age' \(did you mean age\?\)"),
        ("picture,age\n", {"pictures": "images"}, r"no folder images in .*; name their folder|put the images there"),
        ("picture,age\n", {"labels": "table.csv"}, r"no table\.csv in "),
    ],
)
def test_an_invalid_labels_file_is_an_error_of_one_line(
    tmp_path: Path, labels: str, reading: dict[str, Any], line: str
) -> None:
    with pytest.raises(VisageError, match=line):
        check_early(folder_config(tmp_path, labels, **reading), ["archives"])


def test_a_valid_labels_file_passes(tmp_path: Path) -> None:
    (finding,) = [CHECKS["archives"](CheckContext(folder_config(tmp_path, "picture;age\n", separator=";")))]
    assert finding.detail == str(tmp_path / "archives" / "faces" / "labels.csv")


def no_file(archives: Path) -> None:
    """The folder with the archives is empty."""


def no_tar(archives: Path) -> None:
    (archives / "UTKFace.tar.gz").write_bytes(b"<html>please log in</html>" * 1000)


def cut_off(archives: Path) -> None:
    pack(archives / "whole.tar", *(f"other/{number}" for number in range(50)))
    (archives / "UTKFace.tar").write_bytes((archives / "whole.tar").read_bytes()[:1000])


def other_folder(archives: Path) -> None:
    pack(archives / "UTKFace.tar.gz", "crops/1.jpg")


def empty_folder(archives: Path) -> None:
    (archives / "UTKFace").mkdir()


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (no_file, r"^no UTKFace\.tar\.gz, UTKFace\.tar or UTKFace/ in .*: download UTKFace"),
        (no_tar, r"/UTKFace\.tar\.gz: truncated or damaged \(.*\); download it again$"),
        (cut_off, r"/UTKFace\.tar: truncated or damaged \(.*\); download it again$"),
        (other_folder, r"/UTKFace\.tar\.gz holds no folder UTKFace/: download UTKFace"),
        (empty_folder, r"/UTKFace is empty: download UTKFace"),
    ],
)
def test_an_invalid_archive_is_an_error_of_one_line(tmp_path: Path, fault: Callable[[Path], None], line: str) -> None:
    config = archive_config(tmp_path, "utkface")
    fault(tmp_path / "archives")
    with pytest.raises(VisageError, match=line):
        check_early(config, ["archives"])


@pytest.mark.parametrize(
    "members", [("UTKFace/1.jpg",), ("./UTKFace", "./UTKFace/1.jpg"), ("__MACOSX/x", "UTKFace/1.jpg")]
)
@pytest.mark.parametrize("name", ["UTKFace.tar", "UTKFace.tar.gz"])
def test_a_valid_archive_passes(tmp_path: Path, members: tuple[str, ...], name: str) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / name, *members)
    check_early(config, ["archives"])


def test_a_compressed_archive_may_have_the_name_of_a_plain_one(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / "UTKFace.tar.gz", "UTKFace/1.jpg")
    (tmp_path / "archives" / "UTKFace.tar.gz").rename(tmp_path / "archives" / "UTKFace.tar")
    check_early(config, ["archives"])


def test_the_fold_files_of_adience_are_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "adience/faces")
    (tmp_path / "archives" / "adience").mkdir()
    with pytest.raises(
        VisageError, match=r"^no fold_0_data\.txt in .*/archives/adience or .*/archives: ask for access"
    ):
        check_early(config, ["archives"])


def test_the_table_of_an_extracted_imdb_wiki_is_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "imdb_wiki/wiki")
    folder = tmp_path / "archives" / "wiki_crop"
    (folder / "00").mkdir(parents=True)
    with pytest.raises(VisageError, match=rf"^no wiki\.mat in {folder} nor beside it: download wiki_crop\.tar"):
        check_early(config, ["archives"])
    for place in (folder.parent, folder):
        (place / "wiki.mat").touch()
        check_early(config, ["archives"])
        (place / "wiki.mat").unlink()


@pytest.mark.parametrize(
    ("command", "override", "line"),
    [
        ("run", "trainer.weights=/nope/w.weights.h5", "trainer.weights: there is no file /nope/w.weights.h5; name dl"),
        ("crossval", "trainer.weights=/nope/w.weights.h5", "trainer.weights: there is no file /nope/w.weights.h5; na"),
        ("check", "trainer.distillation.teacher=/nope", "trainer.distillation.teacher: there is no model in /nope; p"),
    ],
)
def test_missing_weights_and_teachers_are_errors_of_one_line(
    tmp_path: Path, command: str, override: str, line: str
) -> None:
    ended = light_visage(command, "--set", f"workspace={tmp_path / 'runs'}", "--set", override)
    assert ended.returncode == 1
    assert line in ended.stdout + ended.stderr
    assert "is imported" not in ended.stdout + ended.stderr
    assert not (tmp_path / "runs").exists()


def test_only_the_commands_source_is_checked(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface, imdb_wiki/wiki")
    (tmp_path / "archives" / "UTKFace").mkdir()
    (tmp_path / "archives" / "UTKFace" / "1.jpg").touch()
    check_early(config, ["archives"], "utkface")
    with pytest.raises(VisageError, match=r"^no wiki_crop\.tar\.gz, "):
        check_early(config, ["archives"])


@pytest.mark.parametrize("words", ["run", "crossval", "check", "data prepare utkface", "data inspect utkface"])
def test_commands_report_errors_before_heavy_imports(tmp_path: Path, words: str) -> None:
    options = [
        "--data-dir",
        str(tmp_path),
        "--set",
        "data.sources=[utkface]",
        "--set",
        f"workspace={tmp_path / 'runs'}",
    ]
    ended = light_visage(*words.split(), *options)
    line = f"no UTKFace.tar.gz, UTKFace.tar or UTKFace/ in {tmp_path}: download UTKFace.tar.gz"
    assert ended.returncode == 1
    assert line in (ended.stdout if words == "check" else ended.stderr)
    assert "is imported" not in ended.stdout + ended.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("words", ["run", "compile airflow --out dag.py", "check", "data preview-augmentation"])
def test_a_schedule_is_checked_with_the_configuration(words: str) -> None:
    ended = light_visage(*words.split(), "--set", "airflow.schedule=every monday")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("visage: --set airflow.schedule: 'every monday' has 2 fields, not 5 (minute, ")


@pytest.mark.parametrize("command", ["run", "crossval"])
def test_the_first_line_comes_before_heavy_imports(tmp_path: Path, command: str) -> None:
    ended = light_visage(command, "--set", f"workspace={tmp_path}")
    assert ended.stdout.startswith("sample-portraits")
    assert ended.stdout.endswith("from 1,800 drawn sample portraits (no --data-dir)\n")
    assert "is imported" in ended.stderr


def test_check_as_json_has_every_finding(tmp_path: Path) -> None:
    ended = light_visage("check", "--json", "--set", f"workspace={tmp_path}")
    assert ended.returncode == 0
    assert [finding["name"] for finding in json.loads(ended.stdout)] == list(CHECKS)
