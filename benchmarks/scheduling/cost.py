"""Measures what a scheduled run costs when nothing is new: `.venv/bin/python -m benchmarks.scheduling.cost`.

Runs the tasks of the default pipeline on few portraits to a pushed model, and again under other run ids, from the
cache: with a task for each stage, and with a task for each node. A task is a process, which imports TFX once.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.commands import Cost, measure
from benchmarks.scheduling.tasks import SMALL, CompiledPipeline, compile_for_airflow

_MOST_TASKS, _MOST_CPU = 4, 100.0


@click.command()
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a key of the configuration.")
def main(changes: Sequence[str]) -> None:
    """Prints a table; exit code 1: a limit of the cached run by stages is exceeded."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as name:
        folder = Path(name)
        pipeline = compile_for_airflow(folder / "compiled", [f"workspace={folder / 'runs'}", *SMALL, *changes])
        stages, nodes = pipeline.tasks("stages"), pipeline.tasks("nodes")
        print(f"{'run':<28}{'task':<30}{'wall s':>8}{'CPU s':>8}{'peak MiB':>10}", flush=True)
        _run(pipeline, "first", stages)
        cached = _run(pipeline, "by stages, from the cache", stages)
        _run(pipeline, "by nodes, from the cache", nodes)
    print(f"limits of a run by stages from the cache: {_MOST_TASKS} tasks, {_MOST_CPU:.0f} CPU s")
    if len(stages) > _MOST_TASKS or cached >= _MOST_CPU:
        raise SystemExit("MISSED")


def _run(pipeline: CompiledPipeline, run_id: str, tasks: Mapping[str, Sequence[str]]) -> float:
    """Prints the cost of each task and of all; returns the CPU seconds of all."""
    costs: dict[str, Cost] = {}
    for task, nodes in tasks.items():
        costs[task] = measure(pipeline.command(nodes, run_id))
        if costs[task].exit_code:
            raise SystemExit(f"{run_id}: {task} ended with {costs[task].exit_code}")
        _print(run_id, task, costs[task])
    wall, cpu = sum(cost.wall for cost in costs.values()), sum(cost.cpu for cost in costs.values())
    _print(run_id, f"all {len(costs)}", Cost(wall, cpu, max(cost.memory for cost in costs.values()), 0))
    return cpu


def _print(run_id: str, task: str, cost: Cost) -> None:
    print(f"{run_id:<28}{task:<30}{cost.wall:>8.1f}{cost.cpu:>8.1f}{cost.memory:>10.0f}", flush=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scheduling.cost")
