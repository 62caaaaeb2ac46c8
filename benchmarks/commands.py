"""Measures the cost of the commands: `.venv/bin/python -m benchmarks.commands` (about five minutes).

Measures the refusals of a run, the commands that should be instant, and the default run in a fresh workspace and
from its cache. Prints wall seconds, CPU seconds, and the peak memory of all its processes together.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.run_lock import hold_run_lock

PROJECT = Path(__file__).parents[1]
VISAGE = [sys.executable, "-m", "pipeline"]
SAMPLE_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """Cost of one command: wall seconds, CPU seconds, MiB."""

    wall: float
    cpu: float
    memory: float
    exit_code: int


@click.command()
def main() -> None:
    """Prints the tables."""
    print(_HEADER, flush=True)
    _measure_refusals()
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as workspace:
        run = ["run", "--set", f"workspace={workspace}"]
        table = [
            ("--help", ["--help"], "0.5 s"),
            ("doctor", ["doctor"], ""),
            ("check", ["check"], "1 s"),
            ("run, first", run, "300 s, 6144 MiB"),
            ("run, again", run, ""),
        ]
        for name, words, limit in table:
            _print_cost(name, words, limit)
        print(f"visage run, first line  {_seconds_to_first_line(run):.2f} s   limit 0.5 s")


def _measure_refusals() -> None:
    """Measures the errors that refuse a run; each must take less than a second."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as folder:
        archives, workspace = Path(folder, "archives"), Path(folder, "runs")
        (archives / "faces").mkdir(parents=True)
        (archives / "faces" / "labels.csv").write_text("image;age\n")
        root = workspace / "sample-portraits"
        in_workspace = ["run", "--set", f"workspace={workspace}"]
        of_archives = [*in_workspace, "--data-dir", str(archives), "--set"]
        _print_cost("run, a typo", [*in_workspace, "--set", "trainer.epoch=1"], "1 s")
        _print_cost("run, no archive", [*of_archives, "data.sources=[utkface]"], "1 s")
        _print_cost("run, a separator", [*of_archives, "data.sources=[labelled_folder/faces]"], "1 s")
        _print_cost("run, a schedule", [*in_workspace, "--set", "airflow.schedule=every monday"], "1 s")
        _print_cost("run, no space", ["run", "--set", "workspace=/proc/runs"], "1 s")
        with hold_run_lock(root):
            _print_cost("run, another runs", in_workspace, "1 s")
        with closing(sqlite3.connect(root / "metadata.sqlite", isolation_level=None)) as database:
            database.execute("CREATE TABLE Artifact (id INT)")
            database.execute("BEGIN EXCLUSIVE")
            _print_cost("run, a locked file", in_workspace, "1 s")


_HEADER = f"{'visage':<22}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'exit':>6}   limit"


def _print_cost(name: str, words: Sequence[str], limit: str) -> None:
    cost = measure([*VISAGE, *words])
    row = f"{name:<22}{cost.wall:>9.2f}{cost.cpu:>9.2f}{cost.memory:>10.0f}{cost.exit_code:>6}   {limit}"
    print(row, flush=True)


def _seconds_to_first_line(words: Sequence[str]) -> float:
    """Starts a command and kills it after its first line; returns the seconds until then."""
    start = time.monotonic()
    with subprocess.Popen([*VISAGE, *words], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.monotonic() - start
        process.kill()
    return seconds


def measure(command: Sequence[str]) -> Cost:
    """Runs `command` in the project's folder, discards its output, and returns its cost."""
    before = os.times()
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _memory_of_tree(process.pid))
        time.sleep(SAMPLE_EVERY_SECONDS if time.monotonic() - start > 2 else 0.01)
    after = os.times()
    cpu = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return Cost(time.monotonic() - start, cpu, peak, process.returncode)


def _memory_of_tree(root: int) -> float:
    """Returns the MiB of a process and its descendants; shared memory counts once."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdecimal()}
    return sum(_proportional_memory(pid) for pid in parents if _descends(pid, root, parents)) / 1024


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _proportional_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.commands")
