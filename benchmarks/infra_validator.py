"""Measures InfraValidator: `.venv/bin/python -m benchmarks.infra_validator [SAVED_MODEL]` (half a minute).

Without a folder it exports the untrained network of the default recipe, whose check costs the same. Prints the CPU
seconds of two parts, their child processes included: a replay in Python, and the same by the C++ loader.
"""

import os
import tempfile
from pathlib import Path

import click

from benchmarks.commands import PROJECT
from benchmarks.published_data import run
from pipeline.config.loader import load_config
from visage.prediction.loaded_model import find_model
from visage.saved_model.validation.checks import replay
from visage.saved_model.validation.served import check_served

LIMIT = "3 CPU s"


@click.command()
@click.argument("model", metavar="[SAVED_MODEL]", type=click.Path(path_type=Path), required=False)
def main(model: Path | None) -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as folder:
        saved_model = _export(f"{folder}/1") if model is None else str(find_model(model))
        start = _cpu_seconds()
        expected = replay(saved_model)
        replayed = _cpu_seconds()
        check_served(saved_model, expected)
        served = _cpu_seconds()
    print(f"{'part':<40}{'CPU s':>7}   limit")
    print(f"{'loaded and replayed in Python':<40}{replayed - start:>7.2f}")
    print(f"{'loaded and replayed by the C++ loader':<40}{served - replayed:>7.2f}   {LIMIT}")


def _export(directory: str) -> str:
    from visage.saved_model.export import export

    config = load_config(PROJECT / "pipeline_config.yaml", ())
    spec = config.trainer.spec
    export(spec.build(), spec, config.alignment, directory)
    return directory


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    run(main, "benchmarks.infra_validator")
