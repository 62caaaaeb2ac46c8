"""Measures memory and time of an evaluation: `.venv/bin/python -m benchmarks.evaluation.memory --rows 1000000`.

Draws a table of people with 1 to 6 images and a model, with a distribution of ages or without, and evaluates it with
groups by gender, age group and race.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from benchmarks.cost import Cost, now
from benchmarks.evaluation import simulated
from benchmarks.published_data import run
from visage.evaluation.evaluate import evaluate
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable
from visage.evaluation.settings import EvaluatorSettings

# Of a person, on average.
_IMAGES = 3.5
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Memory:
    """The cost of an evaluation.

    Attributes:
        table_mb: memory of the process with the table, before the evaluation.
        peak_mb: the most memory of the process during the evaluation.
        cost: of the evaluation.
    """

    table_mb: float
    peak_mb: float
    cost: Cost


@click.command()
@click.option("--rows", default=100_000, type=click.IntRange(100), show_default=True, help="Records of the table.")
@click.option(
    "--distribution/--no-distribution", default=True, show_default=True, help="Whether the model predicts one of ages."
)
def main(rows: int, *, distribution: bool) -> None:
    """Prints the memory of the process before and during an evaluation, and the evaluation's time."""
    found = measure_memory(draw_table(rows, distribution=distribution))
    print(
        f"{rows:,} rows: {found.table_mb:,.0f} MB with the table, {found.peak_mb:,.0f} MB at most; "
        f"{found.cost.wall:.0f} s, {found.cost.cpu:.0f} CPU s"
    )


def draw_table(rows: int, *, distribution: bool = True) -> PredictionTable:
    """Draws the predictions of a model, with a distribution of ages or without, for so many records."""
    rng = np.random.default_rng(5)
    people = simulated.draw_people(rng, int(rows / _IMAGES * 1.05) + 100)
    counted = np.arange(rows)
    outputs = simulated.predict(rng, people, simulated.Model()).take(counted)
    assert outputs.age is not None, "it predicts ages"
    truths = people.truths.take(counted)
    if not distribution:
        return PredictionTable(truths, {CANDIDATE: outputs})
    probabilities = np.empty((rows, 101), np.float32)
    for start in range(0, rows, _BLOCK):
        age = outputs.age[start : start + _BLOCK, None]
        mass = np.exp(-((np.arange(101) - age) ** 2) / 60)
        probabilities[start : start + _BLOCK] = mass / mass.sum(axis=1, keepdims=True)
    return PredictionTable(truths, {CANDIDATE: replace(outputs, age_probabilities=probabilities)})


def measure_memory(table: PredictionTable) -> Memory:
    """Evaluates a table, and measures the memory of this process by Linux's counters."""
    # Resets the peak to the memory of now.
    Path("/proc/self/clear_refs").write_text("5")
    before_mb, before = _peak_mb(), now()
    evaluate(table, EvaluatorSettings(age_mae_max=99, gender_accuracy_min=0, slices=["gender", "age_group", "race"]))
    return Memory(before_mb, _peak_mb(), now() - before)


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    run(main, "benchmarks.evaluation.memory")
