"""Runs the whole pipeline here, node after node, in this process."""

import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.errors import VisageError
from components.trainer.learned_from import check_lessons, lesson
from components.trainer.start import check_start
from pipeline.config import PipelineConfig
from pipeline.console import Screen
from pipeline.node import NodeResult, compile_pipeline, node_ids, run_node
from pipeline.starting_model import starting_model
from pipeline.summary import describe


@dataclass(frozen=True)
class RunResult:
    """How a run ended: one entry a node, in the order in which they ran."""

    run_id: str
    nodes: Mapping[str, NodeResult]
    seconds: Mapping[str, float]


def run_pipeline(config: PipelineConfig, run_id: str, screen: Screen) -> RunResult:
    """Runs every node of the configured pipeline.

    Raises:
        VisageError: another run of this pipeline is going on, what its training starts from is not there or may know
            faces of the test split, or bad input stopped a node.
    """
    with alone(config.root):
        with screen.stage("loading TFX"):
            ir = compile_pipeline(config)
        with screen.stage("looking at what training starts from"):
            _check_start(config)
        nodes: dict[str, NodeResult] = {}
        seconds: dict[str, float] = {}
        for node in node_ids(ir):
            start = time.monotonic()
            with screen.stage(node):
                nodes[node] = run_node(ir, node, run_id)
            seconds[node] = time.monotonic() - start
            took = "cached" if nodes[node].cached else f"{seconds[node]:.1f} s"
            screen.print(f"[green]✓[/] {node:<23}{took:>8}  {describe(nodes[node])}")
    return RunResult(run_id, nodes, seconds)


def _check_start(config: PipelineConfig) -> None:
    blessed = starting_model(config)
    check_lessons(lesson(config.data.sources, config.split), None, Path(blessed) if blessed else None)
    check_start(config.trainer, blessed)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Holds the pipeline's lock; the operating system lets go of it when the process dies, however it dies.

    Args:
        root: folder of the pipeline.

    Raises:
        VisageError: another process holds it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VisageError(f"{root}: another run of this pipeline is going on; wait for it or stop it") from None
        yield
