"""Standard output on a full disk ends a command with one line, in a closed pipe without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

VISAGE = f"{sys.executable} -m pipeline"
LINE = "visage: standard output cannot be written: No space left on device; write it to another place\n"

WITH_A_LOG = """
import sys
from pathlib import Path
from pipeline.cli.common import redirect_framework_output
from pipeline.output.standard_output import checked_output
with checked_output(), redirect_framework_output(Path(sys.argv[1])) as stream:
    print("for the screen", file=stream)
    print("for the log", "x" * 100_000)
"""


def shell(command: str) -> tuple[int, str, str]:
    """Exit code and what is left of standard output and error."""
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("words", ["doctor", "doctor --json", "--help", "--version", "data inspect --help"])
def test_a_full_disk_is_an_error_of_one_line(words: str) -> None:
    assert shell(f"{VISAGE} {words} > /dev/full") == (1, "", LINE)


@pytest.mark.parametrize("words", ["doctor", "--help"])
def test_a_closed_pipe_ends_the_command_silently(words: str) -> None:
    # The pipe's reader is gone before the command starts.
    code, _, errors = shell(f"{{ sleep 0.2; {VISAGE} {words}; }} | true")
    assert (code, errors) == (141, "")


@pytest.mark.parametrize(("words", "code"), [("run --set trainer.epoch=1", 1), ("runn", 2), ("doctor", 0)])
def test_standard_error_that_cannot_be_written_leaves_the_exit_code(words: str, code: int) -> None:
    assert shell(f"{VISAGE} {words} > /dev/null 2> /dev/full") == (code, "", "")


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_the_null_device(closed: str) -> None:
    assert shell(f"{VISAGE} doctor {closed}") == (0, "", "")


def test_a_command_with_a_log_ends_in_one_line_too() -> None:
    code = [sys.executable, "-c", WITH_A_LOG, os.devnull]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(code, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (1, LINE)


def test_a_log_on_a_full_disk_only_loses_lines() -> None:
    ended = subprocess.run([sys.executable, "-c", WITH_A_LOG, "/dev/full"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "for the screen\n", "")
