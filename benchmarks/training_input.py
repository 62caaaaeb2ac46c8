"""Measures the cost of training input: `.venv/bin/python -m benchmarks.training_input [RECIPE ...] --examples DIR`.

For the unfrozen network of each recipe: steps with the real input compared with steps on one batch in memory, in turn
in one process; then images per second of our input and of Keras's own loaders on the same files. CPU time is of the
process on all cores; wall time also contains other load on the machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from benchmarks.published_data import run
from pipeline.cli.common import json_option, override_option, print_json, redirect_framework_output
from pipeline.config.loader import load_config
from pipeline.output.console import Reporter
from visage.training.recipe.fine_tuning_settings import FineTuningSettings
from visage.training.settings import TrainerSettings

if TYPE_CHECKING:
    from visage.training.batches import Split

LIMIT = 1.05
DEFAULT = (Path("recipes/cnn_utkface.yaml"), Path("recipes/visage_utkface.yaml"))


@click.command()
@click.argument("recipes", nargs=-1, type=click.Path(path_type=Path))
@override_option
@click.option("--examples", type=click.Path(path_type=Path), required=True, help="What FaceExampleGen wrote.")
@click.option("--records", type=click.IntRange(1), help="The most training records, in whole files.")
@click.option("--steps", type=click.IntRange(2), default=20, show_default=True, help="Of each kind in a round.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--loaders/--no-loaders", default=True, help="Compare with Keras's loaders.")
@json_option
def main(
    recipes: tuple[Path, ...],
    overrides: tuple[str, ...],
    examples: Path,
    records: int | None,
    steps: int,
    rounds: int,
    loaders: bool,
    as_json: bool,
) -> None:
    """Prints the tables; exit code 1 where a step takes more than 1.05 times the clock or CPU time from memory."""
    every = [load_config(recipe, overrides).trainer for recipe in recipes or DEFAULT]
    with redirect_framework_output() as stream:
        from benchmarks.image_loaders import measure_loaders
        from benchmarks.training_steps import measure_steps
        from visage.training.batches import open_split

        reporter = Reporter(stream, silent=as_json)
        split = _at_most(open_split("train", [f"{examples}/Split-train/*"]), records)
        figures = []
        for settings in map(_unfrozen, every):
            with reporter.stage(settings.network), tempfile.TemporaryDirectory(prefix="visage-pictures-") as folder:
                cost = measure_steps(split, settings, steps, rounds)
                compared = measure_loaders(split, settings, Path(folder), rounds) if loaders else []
            figures.append(
                {
                    "network": settings.network,
                    **asdict(cost),
                    "missed": cost.missed(LIMIT),
                    "loaders": [asdict(one) for one in compared],
                }
            )
        reporter.print(_steps_table(figures))
        if loaders:
            reporter.print(_loaders_table(figures))
        reporter.print(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if as_json:
            print_json(figures, stream)
    sys.exit(int(any(of_one["missed"] for of_one in figures)))


def _unfrozen(settings: TrainerSettings) -> TrainerSettings:
    """Returns the recipe for a training of its whole network from random weights, whose cost is that of any weights."""
    return settings.model_copy(update={"freeze": None, "fine_tuning": FineTuningSettings(), "weights": None})


def _at_most(split: Split, records: int | None) -> Split:
    """Returns the first files of a split with at least `records` records; None: all."""
    from visage.training.batches import open_split

    if records is None or records >= split.size:
        return split
    files = split.files[: -(-len(split.files) * records // split.size)]
    return open_split(split.name, files)


def _steps_table(figures: list[dict[str, Any]]) -> Table:
    table = Table("network", box=None)
    for title in ("first epoch, s", "others, s", "step, ms", "fed/memory: clock", "CPU", f"<= {LIMIT}"):
        table.add_column(title, justify="right")
    for of_one in figures:
        first, start, memory, ratio = (of_one[key] for key in ("first_epoch", "start", "memory", "ratio"))
        table.add_row(
            of_one["network"],
            f"{first['wall']:.1f} ({first['cpu']:.1f})",
            f"{start['wall']:.2f} ({start['cpu']:.2f})",
            f"{1000 * memory['wall']:,.0f} ({1000 * memory['cpu']:,.0f})",
            f"{ratio['wall']:.3f}",
            f"{ratio['cpu']:.3f}",
            f"MISSED: {', '.join(of_one['missed'])}" if of_one["missed"] else "",
        )
    table.caption = "in brackets: CPU time; of an epoch: to its first batch; of a step: from memory"
    return table


def _loaders_table(figures: list[dict[str, Any]]) -> Table:
    table = Table("loader", box=None)
    for title in ("network", "images per second (clock)", "CPU ms per image"):
        table.add_column(title, justify="right")
    for of_one in figures:
        for loader in of_one["loaders"]:
            cost = loader["cost"]
            table.add_row(loader["name"], of_one["network"], f"{1 / cost['wall']:,.0f}", f"{1000 * cost['cpu']:.2f}")
    return table


if __name__ == "__main__":
    run(main, "benchmarks.training_input")
