"""An error of the operating system before a command's work is one line and exit code 1."""

import errno
import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.main import main
from pipeline.machine.permissions import refusal_line
from tests.helpers.project import PROJECT

CONFIG = str(PROJECT / "pipeline_config.yaml")

# The commands import these late, when the interpreter's own folder may be closed to the user of `closed`.
for module in ("pipeline.config.loader", "pipeline.checks.early_checks", "serving.photo_files"):
    importlib.import_module(module)


@pytest.fixture
def closed(unprivileged_folder: Path) -> Path:
    """Makes a folder that nobody may read."""
    folder = unprivileged_folder / "closed"
    folder.mkdir(0)
    return folder


def visage(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def assert_refused(result: Result, path: Path) -> None:
    line = f"visage: {path}: cannot be read (Permission denied); make it readable, or name another path\n"
    assert (result.exit_code, result.output) == (1, line)


@pytest.mark.parametrize("command", ["run", "crossval"])
def test_an_unwritable_workspace_is_an_error_of_one_line(command: str, closed: Path) -> None:
    name = "sample-portraits-crossval" if command == "crossval" else "sample-portraits"
    assert_refused(visage(command, CONFIG, "--set", f"workspace={closed}"), closed / name)


def test_check_reports_it_as_a_finding(closed: Path) -> None:
    result = visage("check", CONFIG, "--json", "--set", f"workspace={closed}")
    assert result.exit_code == 1
    findings = {finding["name"]: finding for finding in json.loads(result.output)}
    assert findings["workspace"]["status"] == "missing"
    assert findings["workspace"]["detail"].startswith(f"{closed}/sample-portraits: cannot be read (Permission denied);")
    assert findings["archives"]["status"] == "ok"


@pytest.mark.parametrize("command", ["run", "check"])
def test_an_unreadable_archive_folder_is_an_error_of_one_line(command: str, closed: Path) -> None:
    assert_refused(visage(command, CONFIG, "--data-dir", closed / "data"), closed / "data")


def test_an_unwritable_output_file_is_an_error_of_one_line(closed: Path) -> None:
    assert_refused(visage("predict", CONFIG, "--out", closed / "below" / "a.png"), closed / "below")


def test_the_lock_of_a_run_is_checked(unprivileged_folder: Path) -> None:
    lock = unprivileged_folder / "sample-portraits" / "run.lock"
    lock.parent.mkdir()
    lock.touch(0)
    assert_refused(visage("run", CONFIG, "--set", f"workspace={unprivileged_folder}"), lock)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "words", "/w/a"), "/w/a: cannot be written (No space left on device): free some space "),
        (OSError(errno.EIO, "Input/output error", "/w/a"), "/w/a: cannot be used (Input/output error); repair it, or "),
        (OSError(errno.EMFILE, "Too many open files"), "the system refused a call (Too many open files); run again "),
    ],
)
def test_other_errors_of_the_system_are_errors_of_one_line(error: OSError, line: str) -> None:
    assert refusal_line(error).startswith(line)


def test_debug_shows_the_traceback(closed: Path) -> None:
    result = visage("--debug", "run", CONFIG, "--set", f"workspace={closed}")
    assert "Traceback" in result.output
