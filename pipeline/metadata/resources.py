"""Finds what the nodes of a run used, which ML Metadata holds with each execution."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import NodeExecution, Run
from visage.resource_use import ResourceUse

PROPERTY = "resource_use"
"""Custom property of an execution; its executor sets it, after the cache key is computed."""


@dataclass(frozen=True)
class NodeUse:
    """What a node used.

    Attributes:
        node: its name.
        cached: whether an earlier run used it: the node has taken its outputs from the cache.
        use: the figures.
    """

    node: str
    cached: bool
    use: ResourceUse

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON, flat."""
        return {"node": self.node, "cached": self.cached, **asdict(self.use)}


def use_of(execution: NodeExecution) -> ResourceUse | None:
    """Returns what an execution used; None: it is not recorded, as of a node without an executor."""
    return ResourceUse.from_text(str(execution.properties.get(PROPERTY, "")))


def resources_of(metadata: PipelineMetadata, run: Run, nodes: Collection[str] | None = None) -> list[NodeUse]:
    """Returns what the nodes of a run used, in the order of their start; of a cached node, what it took to make it.

    Args:
        metadata: of the pipeline.
        run: the run.
        nodes: their names; None: all.
    """
    found = []
    for name, execution in run.nodes.items():
        if nodes is not None and name not in nodes:
            continue
        cached = execution.state == "cached"
        made_by = _producer(metadata, execution) if cached else execution
        use = None if made_by is None else use_of(made_by)
        if use is not None:
            found.append(NodeUse(name, cached, use))
    return found


def _producer(metadata: PipelineMetadata, execution: NodeExecution) -> NodeExecution | None:
    made = next((artifacts[0] for artifacts in execution.outputs.values() if artifacts), None)
    return None if made is None else metadata.producer(made)
