"""Measures how cleaning and duplicate detection scale: `.venv/bin/python -m benchmarks.cleaning [RECORDS]...`.

Cleans synthetic records with tiny images (1 % copies, 1 % near duplicates), by default 20,000, 200,000 and 2,000,000,
each size in a process of its own; reads no published data. Prints wall and CPU seconds, CPU microseconds per record,
and the peak memory in MiB of the process that runs Beam, of the largest worker, and of reading back.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from benchmarks.commands import PROJECT
from benchmarks.published_data import run
from components.face_example_gen.beam.record_files import write_records
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.reconcile import reconcile
from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from visage.data.example_proto import Example
from visage.data.prepared_dataset import PreparedDataset
from visage.faces.settings import AlignmentSettings

SIZES = (20_000, 200_000, 2_000_000)
RECORDS_A_FILE = 50_000
SIDE = 10
# A Windows bitmap of 10x10 pixels, the cheapest image to create and decode.
HEADER = bytes.fromhex("424d76010000000000003600000028000000") + bytes(
    [SIDE, 0, 0, 0, SIDE, 0, 0, 0, 1, 0, 24, 0, *(0,) * 24]
)
ROW_BYTES = (SIDE * 3 + 3) // 4 * 4
CLEAN = """
import json, sys
from pathlib import Path
from benchmarks.cleaning import clean

print(json.dumps(clean(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))))
"""


@click.command()
@click.argument("records", nargs=-1, type=click.IntRange(1))
def main(records: tuple[int, ...]) -> None:
    """Prints the table, a line for each number of records."""
    print(f"{'records':>10}{'wall s':>9}{'CPU s':>9}{'us/record':>13}{'runner':>9}{'worker':>9}{'read back':>11}")
    for size in records or SIZES:
        with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as folder:
            files = [str(path) for path in _write(Path(folder), size)]
            command = [sys.executable, "-c", CLEAN, folder, str(size), json.dumps(files)]
            output = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
            cost = json.loads(output.splitlines()[-1])
        print(
            f"{size:>10,}{cost['wall']:>9.1f}{cost['cpu']:>9.1f}{cost['cpu'] / size * 1e6:>13.0f}"
            f"{cost['runner']:>9.0f}{cost['worker']:>9.0f}{cost['read_back']:>11.0f}   {cost['dropped']}",
            flush=True,
        )


def clean(folder: Path, size: int, files: list[str]) -> dict[str, object]:
    """Cleans the files of `_write`; returns MiB and seconds."""
    source = PreparedDataset("utkface", tuple(files), size, size, {})
    settings = FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]),
        alignment=AlignmentSettings(detector="none", size=32),
        data_root=str(folder),
    )
    start = time.monotonic()
    run_beam([source], settings, str(folder / "examples"), str(folder / "report"))
    runner, worker = _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN)
    report = reconcile([source], str(folder / "examples"), str(folder / "report"))
    return {
        "wall": time.monotonic() - start,
        "cpu": sum(os.times()[:4]),
        "runner": runner,
        "worker": worker,
        "read_back": _peak(resource.RUSAGE_SELF),
        "dropped": report["total"]["dropped"],
    }


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def _write(folder: Path, size: int) -> Iterator[Path]:
    random = np.random.default_rng(1)
    for first in range(0, size, RECORDS_A_FILE):
        name = f"utkface-{first // RECORDS_A_FILE:05d}"
        count = min(RECORDS_A_FILE, size - first)
        write_records(str(folder), name, _records(random, first, count))
        yield folder / name


def _records(random: np.random.Generator, first: int, count: int) -> Iterator[bytes]:
    images = random.integers(0, 256, (count, SIDE * ROW_BYTES), np.uint8)
    # One record in a hundred is a copy of its neighbour, one in a hundred a slightly darker copy.
    images[1::100] = images[0::100][: len(images[1::100])]
    images[51::100] = images[50::100][: len(images[51::100])] // 8 * 8
    ages = random.integers(1, 100, count)
    for number, (pixels, age) in enumerate(zip(images, ages.tolist(), strict=True), start=first):
        example = Example()
        feature = example.features.feature
        feature["image"].bytes_list.value.append(HEADER + pixels.tobytes())
        feature["file_name"].bytes_list.value.append(f"{number}.jpg.chip.jpg".encode())
        for name, value in (("age", age), ("gender", number % 2), ("race", number % 5)):
            feature[name].int64_list.value.append(value)
        yield example.SerializeToString()


if __name__ == "__main__":
    run(main, "benchmarks.cleaning")
