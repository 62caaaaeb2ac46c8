"""Runs nodes of a compiled pipeline one after another in this process, for a whole run or for a scheduler's task."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from rich.markup import escape
from tfx.proto.orchestration import pipeline_pb2

from pipeline.node import code_change, node_ids, run_node, upstream_ids
from pipeline.output.console import Reporter
from pipeline.output.log_lines import fields, set_fields
from pipeline.output.standard_output import OutputError
from pipeline.results import NodeEnd
from pipeline.statsd import StatsD
from visage.errors import VisageError


def _no_context(node: str) -> AbstractContextManager[object]:
    return nullcontext()


class NodeSequence:
    """Nodes that run one after another.

    A failed node stops the others, unless no node of the pipeline needs it (Pusher, ModelCard): then the others still
    run, as on a scheduler.

    Attributes:
        nodes: their names.
        ends: how each of them ended, so far.
    """

    def __init__(self, ir: pipeline_pb2.Pipeline, nodes: Sequence[str], run_id: str) -> None:
        """Takes the nodes of a compiled pipeline, each after those that it needs."""
        self._ir, self.nodes, self._run_id = ir, nodes, run_id
        self.ends: list[NodeEnd] = []

    def run(
        self,
        reporter: Reporter,
        ended: Callable[[NodeEnd], None],
        around: Callable[[str], AbstractContextManager[object]] = _no_context,
    ) -> None:
        """Runs the nodes; afterwards `ends` has every one of them.

        Args:
            reporter: shows the stages.
            ended: is called after each node that ran or failed.
            around: returns the context in which a node of this name runs; it may reword the node's error.

        Raises:
            OutputError: the screen cannot be written.
            Interrupted: Ctrl-C or SIGTERM came.
        """
        pipeline = self._ir.pipeline_info.id
        statsd = _statsd(reporter)
        try:
            for node in self.nodes:
                with fields(pipeline=pipeline, run_id=self._run_id, node=node):
                    reporter.print_event(f"{node} started", event="node_started")
                    end = self._run(node, reporter, around)
                    self.ends.append(end)
                    if statsd is not None:
                        statsd.send_end(pipeline, end)
                    ended(end)
                if end.error is not None and is_needed(self._ir, node):
                    break
        finally:
            self.ends += [NodeEnd(node) for node in self.nodes[len(self.ends) :]]

    def _run(self, node: str, reporter: Reporter, around: Callable[[str], AbstractContextManager[object]]) -> NodeEnd:
        start = time.monotonic()
        if change := code_change(self._ir, node):
            reporter.print(f"[yellow]{escape(change)}[/]")
        try:
            with reporter.stage(node), around(node):
                result = run_node(self._ir, node, self._run_id, _set_execution)
        except OutputError:
            raise
        except Exception as error:
            return NodeEnd(node, time.monotonic() - start, error=error)
        except BaseException:
            self.ends.append(NodeEnd(node, time.monotonic() - start, error=VisageError("interrupted")))
            raise
        set_fields(execution_id=result.execution)
        return NodeEnd(node, time.monotonic() - start, result)


def _set_execution(number: int) -> None:
    set_fields(execution_id=number)


def _statsd(reporter: Reporter) -> StatsD | None:
    """Returns the sender of metrics; None without one, also where its address is wrong: that ends no run."""
    try:
        return StatsD.of_environment()
    except VisageError as error:
        reporter.print(f"[yellow]{escape(str(error))}[/]")
        return None


def is_needed(ir: pipeline_pb2.Pipeline, node: str) -> bool:
    """Returns whether another node needs `node`."""
    return any(node in upstream_ids(ir, other) for other in node_ids(ir))
