"""Measures the preparation of UTKFace: `.venv/bin/python -m benchmarks.data_build [--data DIR]` (half a minute).

Prepares `DIR/UTKFace.tar.gz` three times with the function of `visage data prepare`, each time into a fresh folder.
Prints wall seconds, CPU seconds and images per CPU second, on one core. The import of TFDS is not measured.
"""

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path

import click

from benchmarks.published_data import data_option, require, run
from benchmarks.published_files import UTKFACE

RUNS = 3
LEAST_A_SECOND = 1500


@click.command()
@data_option
def main(data: Path) -> None:
    """Prints the table."""
    require(data, UTKFACE)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tfds_builders.utkface.utkface_dataset_builder  # noqa: F401

    print(f"{data / UTKFACE}; at least {LEAST_A_SECOND:,} images a second per core")
    print(f"{'run':<6}{'images':>10}{'wall s':>9}{'CPU s':>9}{'per CPU s':>10}", flush=True)
    for number in range(1, RUNS + 1):
        images, wall, cpu = prepare(data)
        print(f"{number:<6}{images:>10,}{wall:>9.2f}{cpu:>9.2f}{images / cpu:>10,.0f}", flush=True)


def prepare(data: Path) -> tuple[int, float, float]:
    """Returns the number of prepared images, wall seconds, and CPU seconds of this process and its children."""
    from components.face_example_gen.prepare import prepare_source

    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as prepared, contextlib.redirect_stdout(io.StringIO()):
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        builder = prepare_source("utkface", data, Path(prepared))
        return builder.info.metadata["yielded"], time.perf_counter() - wall, sum(os.times()[:4]) - cpu


if __name__ == "__main__":
    run(main, "benchmarks.data_build")
