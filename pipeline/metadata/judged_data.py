"""Finds the data of the newest run that reached a verdict, through ML Metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED, NodeExecution, Run

_DATA, _VERDICT = "FaceExampleGen", "Evaluator"


@dataclass(frozen=True)
class JudgedData:
    """The data of a run whose model was evaluated, be it blessed or not.

    Attributes:
        run_id: of the run.
        ended: when the evaluation ended, in UTC.
        archive_digests: of each data set; empty where none was recorded.
    """

    run_id: str
    ended: datetime
    archive_digests: Mapping[str, str]


def newest_judged_data(metadata: PipelineMetadata) -> JudgedData | None:
    """Returns the data of the newest run whose Evaluator ended; None: no run came so far.

    A run that failed before does not count as having used its data. One whose model was withheld does.
    """
    for run in reversed(metadata.runs):
        verdict, data = (_succeeded(run, node) for node in (_VERDICT, _DATA))
        if verdict is not None and data is not None:
            return JudgedData(run.run_id, verdict.ended, _archive_digests(metadata, data))
    return None


def _succeeded(run: Run, node: str) -> NodeExecution | None:
    execution = run.nodes.get(node)
    return execution if execution is not None and execution.state in SUCCEEDED else None


def _archive_digests(metadata: PipelineMetadata, data: NodeExecution) -> dict[str, str]:
    """Returns the digests that the driver computed; TFX records them of the execution that made the examples alone."""
    examples = data.output("examples")
    made_by = (metadata.producer(examples) if examples else None) or data
    try:
        values = json.loads(str(made_by.properties.get("archive_digests", "")))
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
