"""Ctrl-C and SIGTERM, which Kubernetes sends, end a command in one line and with their own exit codes."""

import signal
import subprocess
import sys

import pytest

AT_WORK = """
import signal, sys, time
from pipeline import cli
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit one that is ignored
def work(**options):
    print("at work", flush=True)
    time.sleep(60)
cli.main.commands[sys.argv[1]].callback = work
cli.main(sys.argv[1:])
"""
GOES_ON = "visage: interrupted; the same command goes on from the last finished stage\n"


@pytest.mark.parametrize(
    ("command", "how", "code", "line"),
    [
        ("run", signal.SIGINT, 130, GOES_ON),
        ("run", signal.SIGTERM, 143, GOES_ON),
        ("crossval", signal.SIGTERM, 143, GOES_ON),
        ("node Trainer --pipeline IR --run-id 1", signal.SIGTERM, 143, GOES_ON),
        ("doctor", signal.SIGINT, 130, "visage: interrupted\n"),
    ],
)
def test_a_command_that_is_stopped_says_so_in_one_line(command: str, how: signal.Signals, code: int, line: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (code, line)
