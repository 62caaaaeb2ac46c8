"""Runs nodes on a volume that is full, then read-only: `python -m THIS VOLUME ELSEWHERE`; prints JSON.

The volume is a mount of its own, in a namespace of its own, and `ELSEWHERE` is a folder on another one.
"""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from itertools import count
from pathlib import Path

from pipeline.cli.main import main
from pipeline.compiled import write_compiled
from pipeline.node import run_node, to_json
from tests.end_to_end.full_disk_under import fill
from tests.pipeline.toy_pipeline import counted
from visage.errors import VisageError


@contextmanager
def full(volume: Path) -> Iterator[None]:
    """Takes the last byte and the last name of a volume."""
    filler = volume / "filler"
    filler.mkdir()
    fill(filler / "bytes")
    with suppress(OSError):
        for number in count():
            (filler / str(number)).touch()
    yield
    subprocess.run(["rm", "-r", str(filler)], check=True)


@contextmanager
def read_only(volume: Path) -> Iterator[None]:
    """Lets nobody write."""
    subprocess.run(["mount", "-o", "remount,ro", str(volume)], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", str(volume)], check=True)


def node(compiled: Path, *words: str, run_id: str) -> tuple[int, str]:
    """Returns the exit code and what was on standard error."""
    said = io.StringIO()
    with redirect_stderr(said):
        code = main.main(["node", *words, "--pipeline", str(compiled), "--run-id", run_id], standalone_mode=False)
    return code, said.getvalue()


def alone(run: Callable[[], object]) -> tuple[int, str]:
    """Returns the error of a call as a command shows it."""
    try:
        run()
    except VisageError as error:
        return 1, f"visage: {error}\n"
    return 0, ""


def run_all(volume: Path, elsewhere: Path) -> dict[str, tuple[int, str]]:
    """Returns exit code and standard error of each case."""
    root = volume / "toy"
    root.mkdir()
    (elsewhere / "toy").mkdir()
    ir = counted(root)
    first = write_compiled(elsewhere, "toy", to_json(ir))
    ir.nodes[0].pipeline_node.parameters.parameters["code"].field_value.string_value = "a=1"
    second = write_compiled(elsewhere, "toy", to_json(ir))
    other = write_compiled(elsewhere, "other", to_json(counted(elsewhere / "toy")))
    found = {}
    with full(volume):
        found["full, compiled pipeline"] = node(first, "Counted", run_id="1")
    found["space again"] = node(first, "Counted", run_id="1")
    for name, bad in (("full", full), ("read-only", read_only)):
        with bad(volume):
            found[f"{name}, record"] = node(first, "Counted", run_id=name)
            found[f"{name}, another compiled pipeline"] = node(second, "Counted", run_id=name)
            found[f"{name}, lock"] = alone(lambda: run_node(ir, "Reader", "1"))
            report = volume / "report.json"
            found[f"{name}, report"] = node(other, "Counted", "--report", str(report), run_id=name)
            found[f"{name}, was there"] = (int(report.exists()), "")
    made = sorted(path.relative_to(root).as_posix() for path in root.glob("artifacts/*/text/*"))
    found["outputs"] = (len(made), " ".join(made))
    found["the next node"] = node(first, "Reader", run_id="1")
    return found


if __name__ == "__main__":
    print(json.dumps(run_all(Path(sys.argv[1]), Path(sys.argv[2]))))
