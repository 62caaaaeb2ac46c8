"""Kills each task of scheduled runs once: `.venv/bin/python -m benchmarks.scheduling.crashes` (about half an hour).

Each run is of another training; each fifth one has a gate that no model passes. Every task is killed (SIGKILL, its
children too) at a random moment of its duration and then started again, as a scheduler's retry does. Afterwards
every output that ML Metadata names is read, and the pushed versions are held against the verdicts and the reports of
the tasks, which are what a scheduler makes its events of.
"""

import gzip
import io
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import pyarrow.parquet

from benchmarks.commands import PROJECT
from benchmarks.scheduling.tasks import SMALL, compile_for_airflow
from pipeline.exit_codes import NOT_BLESSED
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED, ArtifactRecord, Run
from visage.data.tfrecords import read_record
from visage.saved_model.validation.variables import check_readable
from visage.saved_model.versions import SAVED_MODEL, version_folders

_WITHHELD_EVERY = 5
_PIPELINE = "sample-portraits"
_MOST_SECONDS = 900
# So that each model passes which is meant to.
_NOT_COMPARED = ("evaluator.age_mae_increase_max=null", "evaluator.gender_accuracy_decrease_max=null")


@dataclass
class Found:
    """What was counted.

    Attributes:
        kills: tasks that were killed before they ended.
        complete, withheld: runs by their end.
        wrong: lines on whatever must not happen.
    """

    kills: int = 0
    complete: int = 0
    withheld: int = 0
    wrong: list[str] = field(default_factory=list)


@click.command()
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seed", default=7, show_default=True, help="Of the moments at which tasks are killed.")
def main(runs: int, seed: int) -> None:
    """Prints a line for each run, and the counts; exit code 1: something is wrong."""
    moments, found = random.Random(seed), Found()
    # Seconds of each task, as the last attempt took them.
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="visage-benchmark-") as name:
        folder = Path(name)
        for number in range(runs):
            _run(folder, number, moments, seconds, found)
        _check_outputs(folder / "runs" / _PIPELINE, found)
    print(
        f"{runs} runs, {found.kills} tasks killed: {found.complete} pushed a version, {found.withheld} were withheld, "
        f"{len(found.wrong)} wrong"
    )
    if found.wrong:
        raise SystemExit("\n".join(found.wrong))


def _run(folder: Path, number: int, moments: random.Random, seconds: dict[str, float], found: Found) -> None:
    """Runs all tasks of one run, each killed once, and holds its end against the served versions."""
    withheld = number % _WITHHELD_EVERY == _WITHHELD_EVERY - 1
    gate = ["evaluator.age_mae_max=0.1"] if withheld else []
    changes = [f"workspace={folder / 'runs'}", *SMALL, f"trainer.seed={number}", *_NOT_COMPARED, *gate]
    pipeline = compile_for_airflow(folder / f"compiled-{number}", changes)
    root, run_id, report = folder / "runs" / _PIPELINE, f"run {number}", folder / f"report-{number}.json"
    before = _served(root)
    killed = []
    code = 0
    for task, nodes in pipeline.tasks("stages").items():
        command = pipeline.command(nodes, run_id, report)
        if number and _is_killed(command, moments.uniform(0.5, seconds[task])):
            killed.append(task)
        start = time.monotonic()
        ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=_MOST_SECONDS)
        seconds[task], code = time.monotonic() - start, ended.returncode
        if code and code != NOT_BLESSED:
            found.wrong.append(f"{run_id}: {task} ended with {code}: {ended.stderr.strip()}")
            break
    found.kills += len(killed)
    found.complete += code == 0
    found.withheld += code == NOT_BLESSED
    pushed = json.loads(report.read_text())["pushed"]
    found.wrong += _contradictions(root, run_id, withheld, _served(root) - before, pushed and pushed["version"])
    print(f"{run_id}: exit code {code}, pushed {pushed and pushed['version']}, killed {', '.join(killed)}", flush=True)


def _is_killed(command: Sequence[str], after: float) -> bool:
    """Starts a task and kills it after some seconds; returns whether it was still running."""
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def _contradictions(root: Path, run_id: str, withheld: bool, new: set[str], event: str | None) -> Iterator[str]:
    """Yields how versions on disk, the event and the verdict contradict each other."""
    run = PipelineMetadata(root).run(run_id)
    if new != ({event} - {None}):
        yield f"{run_id}: new versions {sorted(new)}, event {event}"
    if new and not (run.blessed and run.infra_blessed):
        yield f"{run_id}: {sorted(new)} was pushed without a blessing"
    if withheld == bool(new):
        yield f"{run_id}: {'withheld' if withheld else 'to be pushed'}, new versions {sorted(new)}"


def _served(root: Path) -> set[str]:
    return {folder.path.name for folder in version_folders(root / "serving" / "visage")}


def _check_outputs(root: Path, found: Found) -> None:
    """Reads the outputs of each execution that succeeded, and the pushed versions."""
    runs = PipelineMetadata(root).runs
    artifacts = {artifact.id: artifact for run in runs for artifact in _outputs(run)}
    folders = [artifact.uri for artifact in artifacts.values()] + [
        folder.path for folder in version_folders(root / "serving" / "visage")
    ]
    files = 0
    for folder in folders:
        if not folder.exists():
            found.wrong.append(f"{folder}: is gone")
        for file in (path for path in folder.rglob("*") if path.is_file()):
            files += 1
            try:
                _read(file)
            except Exception as error:
                found.wrong.append(f"{file}: {error}")
    print(f"{len(folders)} outputs and versions with {files} files were read")


def _outputs(run: Run) -> Iterator[ArtifactRecord]:
    for node in run.nodes.values():
        if node.state in SUCCEEDED:
            for artifacts in node.outputs.values():
                yield from artifacts


def _read(file: Path) -> None:
    """Reads a file as what its name says; any error means that it is damaged."""
    content = file.read_bytes()
    if file.name == SAVED_MODEL:
        check_readable(file.parent, "")
    elif file.suffix == ".json":
        json.loads(content)
    elif file.suffix == ".jsonl":
        for line in content.splitlines():
            json.loads(line)
    elif file.suffix == ".parquet":
        pyarrow.parquet.read_table(file)
    elif file.suffix == ".gz":
        records = io.BytesIO(gzip.decompress(content))
        while read_record(records) is not None:
            pass


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scheduling.crashes")
