"""Describes the nodes of a run as OpenLineage events, and appends or posts them.

Source: OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json, and its facets.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.distribution import DISTRIBUTION
from pipeline.exports.http import send
from pipeline.exports.run import ExportedRun
from pipeline.metadata.records import SUCCEEDED, ArtifactRecord, Artifacts, NodeExecution, Run
from visage.errors import VisageError

# A package URL, for the project has no address of its own.
PRODUCER = f"pkg:pypi/{DISTRIBUTION}"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
# A bearer token, as OpenLineage's own clients take it.
TOKEN_VARIABLE = "OPENLINEAGE_API_KEY"

_FACETS = "https://openlineage.io/spec/facets"
# The namespace of local files, by OpenLineage's naming.
_FILES = "file"
_MODELS = ("Model", "PushedModel")


def export_openlineage(run: ExportedRun) -> str:
    """Sends the events of a run as `exports.openlineage` says; returns where they went.

    Raises:
        VisageError: the file cannot be written, or the server is away or refuses an event.
    """
    settings = run.config.exports.openlineage
    events = lineage_events(run.record, run.config.name, settings.namespace)
    if settings.file is not None:
        append_events(events, Path(settings.file))
    if settings.url is not None:
        post_events(events, settings.url, run.config.exports.timeout_seconds)
    return ", ".join(place for place in (settings.file, settings.url) if place is not None)


def lineage_events(record: Run, pipeline: str, namespace: str) -> list[dict[str, Any]]:
    """Returns the events of a run: START and the end of the pipeline, and between them those of each node.

    The ids follow from the run's id, so that the same run always has the same events.

    Args:
        record: the run.
        pipeline: its name.
        namespace: of the jobs.
    """
    job = {"namespace": namespace, "name": pipeline}
    pipeline_id = _run_id(job, record, "")
    state = "FAIL" if any(node.state not in SUCCEEDED for node in record.nodes.values()) else "COMPLETE"
    start, end = (
        _event(kind, time, {"runId": pipeline_id}, {**job, "facets": _job_type("PIPELINE")}, (), ())
        for kind, time in (("START", record.started), (state, record.ended))
    )
    between = [event for node in record.nodes.values() for event in _events_of(node, record, job, pipeline_id)]
    return [start, *between, end]


def append_events(events: list[dict[str, Any]], file: Path) -> None:
    """Appends events to a file, one a line.

    Raises:
        VisageError: it cannot be written.
    """
    lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as stream:
            stream.write(lines.encode(errors="backslashreplace"))
    except OSError as error:
        raise VisageError(
            f"{file}: cannot be written: {error.strerror}; name another exports.openlineage.file"
        ) from None


def post_events(events: list[dict[str, Any]], url: str, timeout: float) -> None:
    """Posts events one by one, as OpenLineage's HTTP transport does.

    Args:
        events: in their order.
        url: of the server's endpoint, e.g. http://HOST:5000/api/v1/lineage.
        timeout: seconds for each.

    Raises:
        VisageError: the server is away or refuses an event; the later events are not sent.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    headers = {"Authorization": f"Bearer {token}"} if token else None
    for event in events:
        send("POST", url, json.dumps(event).encode(), "application/json", timeout, headers)


def _events_of(
    node: NodeExecution, record: Run, pipeline: dict[str, Any], pipeline_id: str
) -> Iterator[dict[str, Any]]:
    parent = {"run": {"runId": pipeline_id}, "job": pipeline}
    facets: dict[str, Any] = {"parent": _facet("ParentRunFacet", "1-1-0", parent)}
    started = {"runId": _run_id(pipeline, record, node.node), "facets": facets}
    job = {**pipeline, "name": f"{pipeline['name']}.{node.node}", "facets": _job_type("JOB")}
    inputs, outputs = _datasets(node.inputs), _datasets(node.outputs)
    yield _event("START", node.started, started, job, inputs, ())
    ended = started
    if node.state == "failed":
        message = {"message": f"{node.node} failed; see the run's log", "programmingLanguage": "PYTHON"}
        ended = {**started, "facets": {**facets, "errorMessage": _facet("ErrorMessageRunFacet", "1-0-1", message)}}
    yield _event(_end_of(node), node.ended, ended, job, inputs, outputs)


def _end_of(node: NodeExecution) -> str:
    if node.state in SUCCEEDED:
        return "COMPLETE"
    return "FAIL" if node.state == "failed" else "ABORT"


def _event(
    kind: str, time: datetime, run: dict[str, Any], job: dict[str, Any], inputs: Any, outputs: Any
) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": time.isoformat(timespec="milliseconds"),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "run": run,
        "job": job,
        "inputs": list(inputs),
        "outputs": list(outputs),
    }


def _datasets(by_name: Artifacts) -> list[dict[str, Any]]:
    """Returns artifacts as data sets, each folder once."""
    # An artifact without files has no URI, which `Path` writes as '.'.
    found = {
        str(artifact.uri): artifact
        for artifacts in by_name.values()
        for artifact in artifacts
        if artifact.uri != Path()
    }
    return [
        {
            "namespace": _FILES,
            "name": uri,
            "facets": {"datasetType": _facet("DatasetTypeDatasetFacet", "1-0-1", _type_of(artifact))},
        }
        for uri, artifact in found.items()
    ]


def _type_of(artifact: ArtifactRecord) -> dict[str, str]:
    return {"datasetType": "MODEL" if artifact.type in _MODELS else "FILE", "subType": artifact.type}


def _job_type(kind: str) -> dict[str, Any]:
    values = {"processingType": "BATCH", "integration": "VISAGE", "jobType": kind}
    return {"jobType": _facet("JobTypeJobFacet", "2-0-3", values)}


def _facet(name: str, version: str, values: dict[str, Any]) -> dict[str, Any]:
    schema = f"{_FACETS}/{version}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": schema, **values}


def _run_id(pipeline: dict[str, Any], record: Run, node: str) -> str:
    name = f"{PRODUCER}/{pipeline['namespace']}/{pipeline['name']}/{record.run_id}/{node}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
