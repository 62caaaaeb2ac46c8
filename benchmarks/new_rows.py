"""Measures what new rows cost FaceExampleGen: `.venv/bin/python -m benchmarks.new_rows [--portraits N | --utkface]`.

Runs what the node does (digests of the archives, preparation, cleaning and alignment, reading back) in one workspace:
on all rows of a folder, on the same rows again, with 1 % new images in the folder, and with 1 % new images as a new
span. Prints wall and CPU seconds, the number of reused faces, and the wall time as a fraction of that of all rows. By
default on drawn portraits, in a minute; `--utkface` takes the images of `DIR/UTKFace.tar.gz`.
"""

import contextlib
import io
import json
import os
import tarfile
import tempfile
import time
from pathlib import Path

import click

from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import UTKFACE
from visage.files import move

# One image of so many is new.
ONE_OF = 100
LIMIT = 0.1


@click.command()
@data_option
@click.option("--portraits", type=click.IntRange(min=1000), default=6000, show_default=True, help="Portraits to draw.")
@click.option("--utkface", is_flag=True, help="Use the images of UTKFace instead.")
def main(data: Path, portraits: int, utkface: bool) -> None:
    """Prints the table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if utkface:
        require(data, UTKFACE)
    # Imports are not measured.
    import components.face_example_gen.executor  # noqa: F401
    import tfds_builders.utkface.utkface_dataset_builder  # noqa: F401

    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as temporary:
        folder = Path(temporary)
        images = _extracted(data / UTKFACE, folder) if utkface else _drawn(portraits, folder)
        measure(images, folder)


def measure(images: Path, folder: Path) -> None:
    """Prints a line for each run.

    Args:
        images: a folder of images, named as UTKFace's.
        folder: for everything that is written.
    """
    names = sorted(path.name for path in images.iterdir())
    new, of_span = names[::ONE_OF], names[1::ONE_OF]
    place, spans = folder / "archives" / "UTKFace", folder / "spans"
    place.mkdir(parents=True)
    later = {*new, *of_span}
    _move([name for name in names if name not in later], images, place)
    print(f"{len(names) - len(later):,} images, {len(new)} new ones; {len(os.sched_getaffinity(0))} cores")
    print(f"{'run':<26}{'wall s':>9}{'CPU s':>9}{'reused':>9}{'of all':>9}", flush=True)
    whole = _line("all rows", str(place.parent), folder)
    _line("the same rows again", str(place.parent), folder, whole)
    _move(new, images, place)
    _line("1 % new, same folder", str(place.parent), folder, whole)
    spans.mkdir()
    move(place, spans / "1" / "UTKFace")
    _line("the same rows as a span", f"{spans}/{{span}}", folder, whole)
    (spans / "2" / "UTKFace").mkdir(parents=True)
    _move(of_span, images, spans / "2" / "UTKFace")
    _line("1 % new, new span", f"{spans}/{{span}}", folder, whole)
    print(f"limit: {LIMIT:.0%} of all rows for 1 % new ones")


def _line(what: str, archives: str, folder: Path, whole: float | None = None) -> float:
    wall, cpu, reused = generate(archives, folder)
    print(f"{what:<26}{wall:>9.1f}{cpu:>9.1f}{reused:>9,}{wall / (whole or wall):>9.1%}", flush=True)
    return wall


def generate(archives: str, folder: Path) -> tuple[float, float, int]:
    """Runs FaceExampleGen on UTKFace.

    Args:
        archives: `data.dir`.
        folder: holds the workspace's data, and receives the output.

    Returns:
        Wall seconds, CPU seconds with those of the workers, and the number of images whose face was reused.
    """
    from tfx.types.standard_artifacts import Examples

    from components.artifacts import CleaningReport
    from components.face_example_gen.executor import Executor
    from components.face_example_gen.prepare import archive_digests
    from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings

    data = DataSettings(dir=archives, sources=["utkface"])
    settings = FaceExampleGenSettings(data=data, data_root=str(folder / "data"))
    examples, report = Examples(), CleaningReport()
    examples.uri, report.uri = str(folder / "examples"), str(folder / "report")
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    with contextlib.redirect_stdout(io.StringIO()):
        properties = {"settings": settings.model_dump_json(), "archive_digests": json.dumps(archive_digests(settings))}
        Executor().Do({}, {"examples": [examples], "cleaning_report": [report]}, properties)
    wall, cpu = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
    metrics = json.loads((folder / "report" / "cleaning_report.json").read_text())["metrics"]
    return wall, cpu, metrics["reused"]


def _drawn(count: int, folder: Path) -> Path:
    from tfds_builders.sample_portraits.draw import draw_sample_portraits

    draw_sample_portraits(folder / "drawn", count, seed=1, sources=["utkface"])
    return folder / "drawn" / "UTKFace"


def _extracted(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "published", filter="data")
    return folder / "published" / "UTKFace"


def _move(names: list[str], source: Path, target: Path) -> None:
    for name in names:
        move(source / name, target / name)


if __name__ == "__main__":
    run(main, "benchmarks.new_rows")
