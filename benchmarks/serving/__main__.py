"""Measures the embedded server: `.venv/bin/python -m benchmarks.serving MODEL_BASE_PATH [PART]...`.

MODEL_BASE_PATH holds numbered versions, e.g. runs/sample-portraits/serving/visage after `make run`. Its parts take
about a quarter of an hour together; clients and server share the machine, so ratios count, not milliseconds.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from benchmarks.published_data import run
from benchmarks.serving import abuse, speed, switches
from visage.faces.encode import encode
from visage.prediction.loaded_model import find_model, metadata_of

_REQUESTS, _BROKEN_REQUESTS = 100_000, 10_000
_PARTS = ("latency", "throughput", "start", "switches", "memory", "fuzz")


@click.command()
@click.argument("base_path", metavar="MODEL_BASE_PATH", type=click.Path(path_type=Path, exists=True))
@click.argument("parts", metavar="[PART]...", nargs=-1, type=click.Choice(_PARTS))
@click.option("--seed", default=0, show_default=True, help="Of the broken requests.")
def main(base_path: Path, parts: tuple[str, ...], seed: int) -> None:
    """Prints a table for each part."""
    jpeg = _crop(metadata_of(find_model(base_path)).alignment_settings().size)
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as scratch:
        measures: dict[str, Callable[[], Iterator[str]]] = {
            "latency": lambda: speed.latency(base_path, jpeg),
            "throughput": lambda: speed.throughput(base_path, jpeg),
            "start": lambda: speed.start(base_path, jpeg),
            "switches": lambda: switches.switches(base_path, jpeg, Path(scratch)),
            "memory": lambda: abuse.memory(base_path, jpeg, _REQUESTS),
            "fuzz": lambda: abuse.fuzz(base_path, jpeg, _BROKEN_REQUESTS, seed),
        }
        for part in parts or _PARTS:
            start = time.perf_counter()
            print(f"== {part}", flush=True)
            for line in measures[part]():
                print(line, flush=True)
            print(f"({time.perf_counter() - start:.0f} s)\n", flush=True)


def _crop(size: int) -> bytes:
    """Returns a JPEG of a gradient with noise, of about the bytes of a face crop of `size` pixels."""
    import numpy as np

    noise = np.random.default_rng(0).normal(0, 6, (size, size, 3))
    ramp = np.linspace(40, 210, size)[:, None, None]
    return encode(np.clip(ramp + noise, 0, 255).astype(np.uint8), quality=90)


if __name__ == "__main__":
    run(main, "benchmarks.serving")
