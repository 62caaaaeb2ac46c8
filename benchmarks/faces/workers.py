"""Measures the overhead of Beam: `.venv/bin/python -m benchmarks.faces.workers [--data DIR]` (about five minutes).

Passes the 600-pixel Adience images of `benchmarks.faces.throughput`, repeated to the size of a small data set, through
FaceExampleGen's Beam pipeline with one process and with two, and measures the memory of the largest. Also measures the
start of a worker process until its first image, and reading back 20,000 records in one process.
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

from benchmarks.commands import PROJECT, measure
from benchmarks.faces.throughput import write_images
from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import ADIENCE_FACES
from components.face_example_gen.beam.record_files import write_records
from components.face_example_gen.engines.run import run_beam
from components.face_example_gen.reconcile import reconcile
from components.face_example_gen.settings import BeamSettings, DataSettings, FaceExampleGenSettings
from visage.data.age_labels import AgeInterval
from visage.data.example_proto import Example
from visage.data.prepared_dataset import PreparedDataset
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord, image_digest, to_example
from visage.faces.encode import encode
from visage.faces.image_io import decode
from visage.faces.resize import resize
from visage.faces.settings import AlignmentSettings

# Repetitions of each image, for a run of two minutes in which the two seconds of start-up are negligible.
TIMES = 24
READ_BACK = 20_000
ALIGNMENT = AlignmentSettings()
READY = """
from apache_beam.runners.worker import sdk_worker_main
from components.face_example_gen.beam import transforms
from visage.faces.detector import make_detector

make_detector("blazeface")
"""


@click.command()
@data_option
def main(data: Path) -> None:
    """Prints the table."""
    require(data, ADIENCE_FACES)
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as name:
        folder = Path(name)
        images = write_images(data, folder) * TIMES
        write_records(name, "prepared", (_prepared(number, path) for number, path in enumerate(images)))
        print(f"{len(images):,} images through Beam; load average before it {os.getloadavg()[0]:.1f}")
        print(f"{'processes':<12}{'wall s':>9}{'CPU s':>9}{'largest MiB':>13}", flush=True)
        walls = [_print_cost(folder, workers, len(images)) for workers in (1, 2)]
        print(
            f"two are {walls[0] / walls[1]:.2f} times as fast as one; at least 1.7 on an idle machine, at most 500 MiB"
        )
        ready = measure([sys.executable, "-c", READY])
        print(f"a worker is ready after {ready.wall:.1f} s ({ready.cpu:.1f} s of CPU); at most 5 s")
        seconds, size = read_back(folder, [_crop(path) for path in images[:50]])
        print(f"reading back takes {seconds / READ_BACK * 1e6:.0f} us per record of {size:,.0f} bytes")


def through_beam(folder: Path, workers: int, records: int) -> dict[str, float]:
    """Runs the pipeline over `folder`/prepared; returns seconds, and MiB of the largest worker process."""
    settings = FaceExampleGenSettings(
        data=DataSettings(sources=["utkface"]),
        alignment=ALIGNMENT,
        beam=BeamSettings(workers=workers),
        data_root=str(folder),
    )
    source = PreparedDataset("utkface", (str(folder / "prepared"),), records, records, {})
    start = time.monotonic()
    counted = run_beam([source], settings, str(folder / "examples"), str(folder / "drops"))
    wall = time.monotonic() - start
    # All in the test split, because near duplicates in other splits would be dropped.
    assert counted["faces"] > records / 10, counted
    worker = resource.RUSAGE_SELF if workers == 1 else resource.RUSAGE_CHILDREN
    return {"wall": wall, "cpu": sum(os.times()[:4]), "memory": resource.getrusage(worker).ru_maxrss / 1024}


def read_back(folder: Path, crops: list[bytes]) -> tuple[float, float]:
    """Returns the seconds of reconciling, and the bytes per crop."""
    examples = folder / "written"
    for split in SPLITS:
        (examples / f"Split-{split}").mkdir(parents=True)
    write_records(str(examples / "Split-train"), "data_tfrecord-0.gz", _written(crops))
    source = PreparedDataset("utkface", (), READ_BACK, READ_BACK, {})
    start = time.monotonic()
    reconcile([source], str(examples), str(examples))
    return time.monotonic() - start, sum(map(len, crops)) / len(crops)


def _print_cost(folder: Path, workers: int, records: int) -> float:
    command = [sys.executable, "-m", "benchmarks.faces.workers", "--run", str(folder), str(workers), str(records)]
    output = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    cost: dict[str, float] = json.loads(output.splitlines()[-1])
    print(f"{workers:<12}{cost['wall']:>9.1f}{cost['cpu']:>9.1f}{cost['memory']:>13.0f}", flush=True)
    return cost["wall"]


def _prepared(number: int, path: Path) -> bytes:
    example = Example()
    feature = example.features.feature
    # Decoders ignore bytes after the end of a JPEG, which make each repetition a different file and no duplicate.
    feature["image"].bytes_list.value.append(path.read_bytes() + number.to_bytes(4, "big"))
    feature["file_name"].bytes_list.value.append(f"{number}.jpg.chip.jpg".encode())
    for name, value in (("age", 30), ("gender", number % 2), ("race", number % 5)):
        feature[name].int64_list.value.append(value)
    return bytes(example.SerializeToString())


def _written(crops: list[bytes]) -> Iterator[bytes]:
    for number in range(READ_BACK):
        person = f"utkface/{number}"
        digest = image_digest(person.encode())
        crop = crops[number % len(crops)]
        yield to_example(
            FaceRecord(crop, person, AgeInterval.exact(30.0), "male", person, "utkface", image_digest=digest)
        )


def _crop(path: Path) -> bytes:
    return encode(resize(decode(path.read_bytes()), ALIGNMENT.size), ALIGNMENT.jpeg_quality)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        print(json.dumps(through_beam(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
    else:
        run(main, "benchmarks.faces.workers")
