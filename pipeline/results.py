"""The results of nodes and of runs, for those who run them and those who report them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from visage.resource_use import ResourceUse

NodeState = Literal["ran", "cached", "failed", "skipped"]


@dataclass(frozen=True)
class Output:
    """One output artifact of a node."""

    uri: str
    properties: Mapping[str, str | int | float]


@dataclass(frozen=True)
class NodeResult:
    """The result of a node.

    Attributes:
        node: its name.
        cached: whether it reuses an earlier execution's outputs.
        outputs: by name.
        execution: its id in ML Metadata.
        use: what it used; None: not recorded, as of a cached node and of one without an executor.
    """

    node: str
    cached: bool
    outputs: Mapping[str, tuple[Output, ...]]
    execution: int | None = None
    use: ResourceUse | None = None

    def output(self, key: str) -> Output:
        """Returns the only artifact of output `key`; KeyError: the node has no such output."""
        (artifact,) = self.outputs[key]
        return artifact


@dataclass(frozen=True)
class NodeEnd:
    """How a node ended.

    Attributes:
        node: its name.
        seconds: wall time.
        result: None if it failed or was skipped.
        error: None if it did not fail.
    """

    node: str
    seconds: float = 0.0
    result: NodeResult | None = None
    error: Exception | None = None

    @property
    def state(self) -> NodeState:
        """Returns 'skipped' of a node that did not start, because one before it failed or the process was stopped."""
        if self.error is not None:
            return "failed"
        if self.result is None:
            return "skipped"
        return "cached" if self.result.cached else "ran"


@dataclass(frozen=True)
class ExportResult:
    """The result of one export after a run.

    Attributes:
        name: its key in `exports` of the configuration.
        place: where it went; None if it failed.
        error: why it failed, in one line; None if it succeeded.
    """

    name: str
    place: str | None
    error: str | None = None


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        run_id: groups its nodes in ML Metadata.
        nodes: results of the nodes that succeeded, in their order.
        seconds: wall time of these nodes.
        failed: errors of the other nodes, whose outputs no node needs.
        exports: of those that are configured.
    """

    run_id: str
    nodes: Mapping[str, NodeResult]
    seconds: Mapping[str, float]
    failed: Mapping[str, Exception]
    exports: Sequence[ExportResult] = ()
