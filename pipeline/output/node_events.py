"""Describes how a node ended as fields of a line, for logs that programs read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline.results import NodeEnd, NodeState

_EVENTS: Mapping[NodeState, str] = {
    "ran": "node_finished",
    "cached": "node_cached",
    "failed": "node_failed",
    "skipped": "node_skipped",
}


def node_fields(end: NodeEnd) -> dict[str, Any]:
    """Returns the fields of a line about the end of a node, as `Reporter.print` takes them.

    `seconds` is the wall time of the node, with TFX's driver and publisher; the others are those of its executor.
    """
    use = end.result.use if end.result is not None else None
    used = {} if use is None else asdict(use)
    level = {"level": "error"} if end.state == "failed" else {}
    return {**level, "event": _EVENTS[end.state], **used, "seconds": round(end.seconds, 3)}
