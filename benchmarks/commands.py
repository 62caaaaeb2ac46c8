"""What the commands cost: `.venv/bin/python -m benchmarks.commands` (some five minutes).

Measures the default run in a fresh workspace and again from its cache, and the commands that should answer at once.
Prints wall seconds, CPU seconds, and the peak memory of all its processes together.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
VISAGE = [sys.executable, "-m", "pipeline"]
SAMPLE_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """What one command took: seconds, seconds, mebibytes."""

    wall: float
    cpu: float
    memory: float
    exit_code: int


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as workspace:
        run = ["run", "--set", f"workspace={workspace}"]
        table = [
            ("visage --help", ["--help"], "0.5 s"),
            ("visage run, a typo", ["run", "--set", "trainer.epoch=1"], "1 s"),
            ("visage doctor", ["doctor"], ""),
            ("visage run, first", run, "300 s, 6144 MiB"),
            ("visage run, again", run, ""),
        ]
        print(f"{'command':<22}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'exit':>6}   limit", flush=True)
        for name, words, limit in table:
            cost = measure([*VISAGE, *words])
            row = f"{name:<22}{cost.wall:>9.2f}{cost.cpu:>9.2f}{cost.memory:>10.0f}{cost.exit_code:>6}   {limit}"
            print(row, flush=True)


def measure(command: Sequence[str]) -> Cost:
    """Runs `command` in the project's folder, its output thrown away."""
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
    """MiB in the memory of a process and all below it; what they share counts once."""
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
    main()
