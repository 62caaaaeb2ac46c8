"""Measures what an empty node costs: `.venv/bin/python -m benchmarks.scheduling.overhead`.

Ours: `visage node` with nodes that come from the cache. Airflow's own: `airflow dags test` with tasks of `true`.
Kubeflow's local runner: kfp.local's DockerRunner with containers of `true`. Each is run with few and with many nodes,
so that the cost of the start and of a further node are separate; the least of three times counts. The environments of
Airflow and of kfp.local are those of the tests (`make test-services` makes them), the image is that of `make image`;
what is missing is left out.
"""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks.commands import PROJECT, Cost, measure
from benchmarks.scheduling.tasks import SMALL, compile_for_airflow

_FEW, _MANY = 1, 10
_TIMES = 3
_DAG = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

with DAG(dag_id="empty", schedule=None):
    chain(*(BashOperator(task_id=f"task_{{number}}", bash_command="true") for number in range({tasks})))
"""
_KUBEFLOW = """
import sys

from kfp import dsl, local

image, folder, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])


@dsl.container_component
def empty():
    return dsl.ContainerSpec(image=image, command=["true"])


@dsl.pipeline
def pipeline():
    before = None
    for _ in range(tasks):
        task = empty()
        if before is not None:
            task.after(before)
        before = task


local.init(runner=local.DockerRunner(entrypoint="", network_mode="none"), pipeline_root=folder)
pipeline()
"""


@click.command()
@click.option("--image", default="visage:cpu", show_default=True, help="Of the empty containers.")
def main(image: str) -> None:
    """Prints a table."""
    cache = PROJECT / ".cache"
    print(f"{'empty nodes':<64}{'wall s':>9}{'CPU s':>9}", flush=True)
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as name:
        folder = Path(name)
        _print("visage node", _ours(folder))
        if (airflow := cache / "airflow" / "bin" / "airflow").exists():
            _print("airflow dags test", _airflow(airflow, folder))
        if (python := cache / "kfp-local" / "bin" / "python").exists() and _has_image(image):
            _print("kfp.local, DockerRunner (the daemon's CPU left out)", _kubeflow(python, image, folder))


def _print(name: str, cost_of: Callable[[int], Cost]) -> None:
    costs = [(cost_of(_FEW), cost_of(_MANY)) for _ in range(_TIMES)]
    few, many = (_least(those) for those in zip(*costs, strict=True))
    further = [(after - before) / (_MANY - _FEW) for before, after in zip(few, many, strict=True)]
    _print_row(f"{name}: one", *few)
    _print_row(f"{name}: each further one", *further)


def _least(costs: Sequence[Cost]) -> tuple[float, float]:
    return min(cost.wall for cost in costs), min(cost.cpu for cost in costs)


def _print_row(name: str, wall: float, cpu: float) -> None:
    print(f"{name:<64}{wall:>9.2f}{cpu:>9.2f}", flush=True)


def _ours(folder: Path) -> Callable[[int], Cost]:
    """Returns the cost of nodes from the cache in one process."""
    pipeline = compile_for_airflow(folder / "compiled", [f"workspace={folder / 'runs'}", *SMALL])
    nodes = pipeline.nodes[:_MANY]
    _succeed(pipeline.command(nodes, "first"))

    def cost_of(number: int) -> Cost:
        return _succeed(pipeline.command(nodes[:number], f"from the cache {uuid.uuid4()}"))

    return cost_of


def _airflow(airflow: Path, home: Path) -> Callable[[int], Cost]:
    variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": f"{airflow.parent}{os.pathsep}{os.environ['PATH']}",
    }
    words = ["env", *(f"{name}={value}" for name, value in variables.items()), str(airflow)]
    _succeed([*words, "db", "migrate"])

    def cost_of(number: int) -> Cost:
        (home / "dags").mkdir(exist_ok=True)
        (home / "dags" / "empty.py").write_text(_DAG.format(tasks=number))
        return _succeed([*words, "dags", "test", "empty"])

    return cost_of


def _kubeflow(python: Path, image: str, folder: Path) -> Callable[[int], Cost]:
    script = folder / "empty.py"
    script.write_text(_KUBEFLOW)
    return lambda number: _succeed([str(python), str(script), image, str(folder / "outputs"), str(number)])


def _has_image(image: str) -> bool:
    try:
        return subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode == 0
    except OSError:
        return False


def _succeed(command: Sequence[str]) -> Cost:
    cost = measure(command)
    if cost.exit_code:
        raise SystemExit(f"{' '.join(command)}: ended with {cost.exit_code}")
    return cost


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scheduling.overhead")
