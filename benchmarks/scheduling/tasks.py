"""A compiled pipeline and its tasks, as a scheduler has them."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import PROJECT, VISAGE
from pipeline.stages import Grouping, tasks_of

SMALL = (
    "data.sample_portraits.count=150",
    "trainer.epochs=1",
    "evaluator.age_mae_max=100",
    "evaluator.gender_accuracy_min=0",
)
"""Changes of the default configuration: nodes of seconds, and a gate that every model passes."""


@dataclass(frozen=True)
class CompiledPipeline:
    """A compiled pipeline.

    Attributes:
        file: of `visage compile`.
        nodes: each after those that it needs.
    """

    file: Path
    nodes: tuple[str, ...]

    def tasks(self, grouping: Grouping) -> Mapping[str, Sequence[str]]:
        """Returns the nodes of each task, in the order of the pipeline."""
        return tasks_of(self.nodes, grouping)

    def command(self, nodes: Sequence[str], run_id: str, report: Path | None = None) -> list[str]:
        """Returns the command of a task."""
        reported = [] if report is None else ["--report", str(report)]
        return [*VISAGE, "node", *nodes, "--pipeline", str(self.file), "--run-id", run_id, *reported]


def compile_for_airflow(folder: Path, changes: Sequence[str]) -> CompiledPipeline:
    """Compiles the default configuration with changes into a new folder."""
    settings = [word for change in changes for word in ("--set", change)]
    folder.mkdir(parents=True)
    ended = subprocess.run(
        [*VISAGE, "compile", "airflow", *settings, "--out", str(folder / "dag.py")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise SystemExit(ended.stderr)
    (file,) = folder.glob("dag-*.ir.json")
    nodes = json.loads(file.read_text(encoding="utf-8"))["nodes"]
    return CompiledPipeline(file, tuple(node["pipeline_node"]["node_info"]["id"] for node in nodes))
