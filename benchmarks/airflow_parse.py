"""Measures what Airflow pays to parse the generated DAG: `.venv/bin/python -m benchmarks.airflow_parse`.

Airflow's DAG processor parses each file in a process forked from one that has imported Airflow. So does this program,
for our DAG and for an empty one that imports the same operator.
"""

import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import click

from pipeline.config.loader import load_config
from pipeline.runners.airflow_dag import dag_text
from pipeline.stages import STAGES

PROJECT = Path(__file__).parents[1]
_IR = "faces-0123456789ab.ir.json"
_UPSTREAM = {"data": [], "train": ["data"], "judge": ["data", "train"], "push": ["train", "judge"]}
_EMPTY = """
from {module} import {operator}
from airflow.sdk import DAG

with DAG(dag_id="empty-{operator}", schedule=None):
    pass
"""
_OPERATORS = {
    "bash": ("airflow.providers.standard.operators.bash", "BashOperator"),
    "kubernetes": ("airflow.providers.cncf.kubernetes.operators.pod", "KubernetesPodOperator"),
}
# Prints the CPU seconds of each parse as JSON, by file.
_MEASURE = """
import json, os, sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import LazyDeserializedDAG

def seconds(file):
    read, write = os.pipe()
    if os.fork() == 0:
        start = time.process_time()
        bag = DagBag(file)
        assert not bag.import_errors and len(bag.dags) == 1, bag.import_errors
        for dag in bag.dags.values():
            LazyDeserializedDAG.from_dag(dag)
        os.write(write, str(time.process_time() - start).encode())
        os._exit(0)
    os.wait()
    return float(os.read(read, 100))

rounds, *files = sys.argv[1:]
print("MEASURED", json.dumps({file: [seconds(file) for _ in range(int(rounds))] for file in files}))
"""


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PROJECT / ".cache" / "airflow" / "bin" / "python",
    help="Of an Airflow 3 with the provider cncf-kubernetes.  [default: that of the tests, requirements/airflow.txt]",
)
def main(rounds: int, python: Path) -> None:
    """Prints a table."""
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as name:
        folder = Path(name)
        files = {}
        for operator, (module, class_name) in _OPERATORS.items():
            files[operator] = folder / f"{operator}.py"
            files[operator].write_text(_dag(operator))
            files[f"empty, {operator}"] = folder / f"empty_{operator}.py"
            files[f"empty, {operator}"].write_text(_EMPTY.format(module=module, operator=class_name))
        measured = _measure(python, folder, rounds, list(files.values()))
    print(f"{'DAG':<22}{'CPU s':>8}{'ratio':>8}")
    for label, file in files.items():
        seconds, empty = (statistics.median(measured[str(one)]) for one in (file, _empty_of(files, label)))
        print(f"{label:<22}{seconds:>8.3f}{seconds / empty:>8.1f}")


def _empty_of(files: dict[str, Path], label: str) -> Path:
    return files[label if label.startswith("empty") else f"empty, {label}"]


def _dag(operator: str) -> str:
    pod = "{image: 'registry/visage:1', volumes: [{claim: visage, mount: /mnt}]}"
    changes = [f"airflow.operator={operator}", f"airflow.kubernetes={pod}", "airflow.params=[evaluator.age_mae_max]"]
    config = load_config(PROJECT / "pipeline_config.yaml", changes)
    tasks = {stage: list(nodes) for stage, nodes in STAGES.items()}
    return dag_text(config, tasks, _UPSTREAM, _IR, exports=True)


def _measure(python: Path, home: Path, rounds: int, files: list[Path]) -> dict[str, list[float]]:
    ended = subprocess.run(
        [python, "-c", _MEASURE, str(rounds), *files],
        env={"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("MEASURED ")]
    if not lines:
        raise SystemExit(ended.stdout + ended.stderr)
    measured: dict[str, list[float]] = json.loads(lines[0].removeprefix("MEASURED "))
    return measured


if __name__ == "__main__":
    main()
