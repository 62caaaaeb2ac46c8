"""Checks intervals and gates by simulation, and times the Evaluator: `.venv/bin/python -m benchmarks.evaluation`.

Draws test splits whose truth is known: people with 1 to 6 images each. With `--model` and `--examples` it also times
the Evaluator on many faces, against a plain loop that predicts the same faces in the same run.
"""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from benchmarks.evaluation import simulations as sim
from benchmarks.evaluation.simulations import Rate
from benchmarks.published_data import run
from pipeline.cli.common import json_option, print_json, redirect_framework_output
from pipeline.output.console import Reporter
from visage.errors import VisageError

if TYPE_CHECKING:
    from benchmarks.evaluation.speed import Speed

# At most this many of equal models may be blocked, and at least this many of harmed ones.
_EQUAL, _HARMED = (0.0, 0.05), (0.95, 1.0)
# People of small test splits, and the wanted coverage; of the fewest with a bootstrap interval it is known to be lower.
_FEW = {3: (0.93, 1.0), 5: (0.93, 1.0), 8: (0.93, 1.0), 10: (0.87, 1.0), 20: (0.89, 1.0)}


@click.command()
@click.option("--intervals", default=500, type=click.IntRange(0), show_default=True, help="Simulations of intervals.")
@click.option(
    "--retrains", default=200, type=click.IntRange(0), show_default=True, help="Simulated retrains of a kind."
)
@click.option("--people", default=800, type=click.IntRange(50), show_default=True, help="People of a simulated split.")
@click.option("--model", type=click.Path(path_type=Path), help="Pushed model to time; none: nothing is timed.")
@click.option("--examples", type=click.Path(path_type=Path), help="What FaceExampleGen wrote for it.")
@click.option("--faces", default=20_000, type=click.IntRange(64), show_default=True, help="Faces to time it on.")
@json_option
def main(
    intervals: int, retrains: int, people: int, model: Path | None, examples: Path | None, faces: int, as_json: bool
) -> None:
    """Prints how often intervals hold and gates block; exits with 1 if a rate is not as wanted."""
    if (model is None) != (examples is None):
        raise VisageError("--model and --examples: one is missing; give both, or neither")
    if examples is not None and not (examples / "Split-test").is_dir():
        raise VisageError(f"--examples: {examples} holds no Split-test; give a folder that FaceExampleGen wrote")
    with redirect_framework_output() as stream:
        reporter = Reporter(stream, silent=as_json)
        with reporter.stage("simulations"):
            rates = [
                *(_intervals(intervals, people) if intervals else ()),
                *(_gates(retrains, people) if retrains else ()),
            ]
        if rates:
            reporter.print(_table(rates))
        speed = None
        if model is not None and examples is not None:
            from benchmarks.evaluation.speed import measure_speed

            with reporter.stage("speed"):
                speed = measure_speed(model, examples, faces)
            reporter.print(_speed(speed))
        reporter.print(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
        if as_json:
            print_json({"rates": [asdict(rate) for rate in rates], "speed": speed and asdict(speed)}, stream)
    if not all(rate.met for rate in rates) or (speed and not speed.met):
        sys.exit(1)


def _intervals(simulations: int, people: int) -> list[Rate]:
    return [
        *sim.coverage(simulations, people),
        *(rate for few, wanted in _FEW.items() for rate in sim.coverage_of_few(simulations, few, wanted)),
        *(sim.high_end_of_rare(simulations, rate, alike) for rate in (0.01, 0.02, 0.05) for alike in (0.2, 0.5)),
        sim.gap_of_small_group(simulations, 30),
    ]


def _gates(retrains: int, people: int) -> list[Rate]:
    at_zero, default = sim.gates(0.0), sim.gates(0.1)
    gaps = sim.gates(0.1, gap_gates=[{"feature": "race", "age_mae_gap_max": 0.0}])
    some = max(1, retrains // 2)
    return [
        sim.blocked("equal models, margin 0", retrains, people, at_zero, sim.equal_models, _EQUAL),
        sim.blocked("equal models, margin 0.1 years", retrains, people, default, sim.equal_models, _EQUAL),
        sim.blocked(
            "children learned 6 years too old, overall MAE equal", some, people, default, sim.children, _HARMED
        ),
        sim.blocked("one race 4 years off", some, people, default, sim.one_race, _HARMED),
        sim.blocked(
            "tenth of ten small losses, against the ninth", some, people, default, sim.without_reference, (0, 1)
        ),
        sim.blocked("the same, with the first as reference", some, people, default, sim.tenth_retrain, _HARMED),
        sim.blocked(
            "races that differ in their ages alone", retrains, people, gaps, sim.alone, _EQUAL, ages_by_race=True
        ),
    ]


def _table(rates: list[Rate]) -> Table:
    table = Table("", "times", "of", "fraction", "wanted", "", box=None)
    for rate in rates:
        low, high = rate.wanted
        fraction = f"{rate.fraction:.1%}" if rate.of else "no interval"
        mark = "ok" if rate.met else "missed"
        table.add_row(rate.what, str(rate.times), str(rate.of), fraction, f"{low:.0%} to {high:.0%}", mark)
    return table


def _speed(speed: "Speed") -> str:
    return (
        f"{speed.faces:,} faces: Evaluator {speed.evaluator.wall:.1f} s, {speed.evaluator.cpu:.1f} CPU s; plain loop "
        f"{speed.loop.wall:.1f} s, {speed.loop.cpu:.1f} CPU s: {speed.network_fraction:.0%} of the CPU time is the "
        f"network's; most memory {speed.memory_mb:,.0f} MB"
    )


if __name__ == "__main__":
    run(main, "benchmarks.evaluation")
