"""Prints to a full disk are lost and raise nothing."""

import subprocess
import sys
from pathlib import Path

PRINTS = """
import logging, sys
from visage.lossy_output import make_standard_streams_lossy
make_standard_streams_lossy()
for stream in (sys.stdout, sys.stderr):
    print("x" * 100_000, file=stream)
    print("a line", file=stream, flush=True)
logging.warning("a warning")
sys.exit(5)
"""


def test_a_full_disk_raises_nothing_and_leaves_the_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        assert subprocess.run([sys.executable, "-c", PRINTS], stdout=full, stderr=full).returncode == 5


def test_writable_output_is_written() -> None:
    ended = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, text=True)
    words = "x" * 100_000 + "\na line\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (5, words, words + "WARNING:root:a warning\n")
