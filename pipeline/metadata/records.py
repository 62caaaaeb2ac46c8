"""What ML Metadata records of one pipeline, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Property = str | int | float | bool
State = Literal["running", "complete", "cached", "failed", "canceled", "unknown"]

SUCCEEDED: tuple[State, ...] = ("complete", "cached")


@dataclass(frozen=True)
class ArtifactRecord:
    """One output of a node.

    Attributes:
        id: in ML Metadata.
        type: e.g. 'Model'.
        uri: its folder, which may have been removed.
        properties: by name.
        live: whether it may be used; False after `visage runs prune`.
    """

    id: int
    type: str
    uri: Path
    properties: Mapping[str, Property] = field(default_factory=dict)
    live: bool = True

    @property
    def exists(self) -> bool:
        """Returns whether its files are there."""
        return self.live and self.uri.exists()


Artifacts = Mapping[str, tuple[ArtifactRecord, ...]]


@dataclass(frozen=True)
class NodeExecution:
    """One execution of a node.

    Attributes:
        id: in ML Metadata; the folders of its outputs have this name.
        node: e.g. 'Trainer'.
        run_id: of its run.
        state: how it ended; 'running' also if its process was killed.
        started: in UTC.
        ended: in UTC; of a running one the last change.
        properties: execution properties, e.g. the settings as JSON.
        inputs: by name.
        outputs: by name; those of a cached execution are an earlier one's.
    """

    id: int
    node: str
    run_id: str
    state: State
    started: datetime
    ended: datetime
    properties: Mapping[str, Property]
    inputs: Artifacts
    outputs: Artifacts

    def output(self, key: str) -> ArtifactRecord | None:
        """Returns the first artifact of an output; None if there is none."""
        return next(iter(self.outputs.get(key, ())), None)

    def input(self, key: str) -> ArtifactRecord | None:
        """Returns the first artifact of an input; None if there is none."""
        return next(iter(self.inputs.get(key, ())), None)


@dataclass(frozen=True)
class Run:
    """One run of a pipeline.

    Attributes:
        run_id: its name.
        nodes: the last execution of each node, in the order of their start.
    """

    run_id: str
    nodes: Mapping[str, NodeExecution]

    @property
    def started(self) -> datetime:
        """Returns when the first node started, in UTC."""
        return min(node.started for node in self.nodes.values())

    @property
    def ended(self) -> datetime:
        """Returns when the last node ended, in UTC."""
        return max(node.ended for node in self.nodes.values())

    @property
    def state(self) -> State:
        """Returns 'failed' if a node failed, 'running' if one has not ended, else 'complete'."""
        states = {node.state for node in self.nodes.values()}
        if states <= set(SUCCEEDED):
            return "complete"
        return "running" if "running" in states else "failed"

    @property
    def blessed(self) -> bool | None:
        """Returns whether the gate passed the model; None if it was not evaluated."""
        return self._is_blessed("Evaluator")

    @property
    def infra_blessed(self) -> bool | None:
        """Returns whether InfraValidator passed the model; None if it did not run."""
        return self._is_blessed("InfraValidator")

    @property
    def version(self) -> str | None:
        """Returns the version that the model was pushed as, by this run or an earlier one; None: it was not pushed."""
        pushed = self.output("Pusher", "pushed_model")
        return str(pushed.properties["pushed_version"]) if pushed and pushed.properties.get("pushed") == 1 else None

    @property
    def held(self) -> str:
        """Returns why a blessed model was held back; '' if it was not."""
        pushed = self.output("Pusher", "pushed_model")
        return str(pushed.properties.get("held", "")) if pushed else ""

    def output(self, node: str, key: str) -> ArtifactRecord | None:
        """Returns an output of a node; None if there is none."""
        return self.nodes[node].output(key) if node in self.nodes else None

    def artifacts(self) -> list[ArtifactRecord]:
        """Returns every artifact that a node of this run read or wrote, each once."""
        found = {
            artifact.id: artifact
            for node in self.nodes.values()
            for by_name in (node.inputs, node.outputs)
            for artifacts in by_name.values()
            for artifact in artifacts
        }
        return list(found.values())

    def _is_blessed(self, node: str) -> bool | None:
        blessing = self.output(node, "blessing")
        return None if blessing is None else blessing.properties.get("blessed") == 1
