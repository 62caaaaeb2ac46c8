"""The events of a run by OpenLineage 2-0-2: their fields, the file, and a real HTTP server."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.exports.openlineage import append_events, lineage_events, post_events
from tests.helpers.ports import free_ports
from tests.pipeline.exports.http_server import http_server
from tests.pipeline.exports.runs import node, record
from visage.errors import VisageError


def events() -> list[dict[str, Any]]:
    return lineage_events(record(), "faces", "team")


def facets(value: Any) -> Iterator[dict[str, Any]]:
    """Yields every facet in an event."""
    if isinstance(value, dict):
        yield from value.get("facets", {}).values()
        for below in value.values():
            yield from facets(below)
    elif isinstance(value, list):
        for below in value:
            yield from facets(below)


def test_every_event_has_the_fields_that_the_specification_requires() -> None:
    for event in events():
        assert event["eventType"] in ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        assert re.match(r"[a-z]+:\S+$", event["producer"])
        assert str(uuid.UUID(event["run"]["runId"])) == event["run"]["runId"]
        assert event["job"]["namespace"] == "team"
        for dataset in (*event["inputs"], *event["outputs"]):
            assert dataset["namespace"] == "file"
            assert dataset["name"].startswith("/")
    found = [facet for event in events() for facet in facets(event)]
    assert found
    for facet in found:
        assert facet["_producer"]
        assert re.match(r"https://openlineage\.io/spec/facets/\d-\d-\d/(\w+)\.json#/\$defs/\1$", facet["_schemaURL"])


def test_each_job_starts_and_ends_once_within_the_pipeline() -> None:
    assert [(event["job"]["name"], event["eventType"]) for event in events()] == [
        ("faces", "START"),
        ("faces.FaceExampleGen", "START"),
        ("faces.FaceExampleGen", "COMPLETE"),
        ("faces.Trainer", "START"),
        ("faces.Trainer", "COMPLETE"),
        ("faces.Pusher", "START"),
        ("faces.Pusher", "COMPLETE"),
        ("faces", "COMPLETE"),
    ]
    times = [event["eventTime"] for event in events()]
    assert times == sorted(times)
    first = events()[0]
    for event in events()[1:-1]:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == first["run"]["runId"]
        assert parent["job"] == {"namespace": "team", "name": "faces"}


def test_a_node_names_what_it_read_and_wrote() -> None:
    trained = events()[4]
    assert [one["name"] for one in trained["inputs"]] == ["/data/examples"]
    (model,) = trained["outputs"]
    assert model["name"] == "/data/model"
    assert model["facets"]["datasetType"]["datasetType"] == "MODEL"


def test_a_failed_node_fails_the_pipeline() -> None:
    failed = lineage_events(record(node("FaceExampleGen", 0), node("Trainer", 1, "failed")), "faces", "team")
    assert [event["eventType"] for event in failed] == ["START", "START", "COMPLETE", "START", "FAIL", "FAIL"]
    assert "Trainer failed" in failed[4]["run"]["facets"]["errorMessage"]["message"]


def test_a_killed_node_is_aborted() -> None:
    killed = lineage_events(record(node("Trainer", 1, "running")), "faces", "team")
    assert [event["eventType"] for event in killed] == ["START", "START", "ABORT", "FAIL"]


def test_the_same_run_has_the_same_events_and_another_pipeline_has_others() -> None:
    assert events() == events()
    assert events()[0]["run"]["runId"] != lineage_events(record(), "faces", "other")[0]["run"]["runId"]


def test_the_file_has_one_event_a_line_and_grows(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lineage.ndjson"
    append_events(events(), file)
    append_events(events(), file)
    assert [json.loads(line) for line in file.read_text().splitlines()] == [*events(), *events()]


def test_a_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"cannot be written: .*; name another exports\.openlineage\.file"):
        append_events(events(), tmp_path)


def test_events_are_posted_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret")
    with http_server() as received:
        post_events(events(), f"{received.url}/api/v1/lineage", 10)
    assert [json.loads(content) for _, _, _, content in received.requests] == events()
    assert {(method, path) for method, path, _, _ in received.requests} == {("POST", "/api/v1/lineage")}
    assert received.requests[0][2]["content-type"] == "application/json"
    assert received.requests[0][2]["authorization"] == "Bearer secret"


def test_a_server_on_this_machine_is_reached_past_the_proxy_and_another_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No message repeats the proxy's password.
    monkeypatch.setenv("http_proxy", "http://me:t0ken@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with http_server() as received:
        post_events(events()[:1], received.url, 10)
    assert len(received.requests) == 1
    with pytest.raises(VisageError, match=r"not reached \(.* by way of the proxy http://127\.0\.0\.1:9"):
        post_events(events(), "http://lineage.example/x", 10)


def test_a_refused_event_is_an_error_with_the_server_s_words() -> None:
    with (
        http_server(422, b'{"message": "no such job"}') as received,
        pytest.raises(VisageError, match=r"http://127\.0\.0\.1:\d+/x: status 422: no such job$"),
    ):
        post_events(events(), f"{received.url}/x", 10)
    assert len(received.requests) == 1


def test_a_server_that_is_away_is_an_error_of_one_line() -> None:
    with free_ports(1) as (port,), pytest.raises(VisageError, match=r"not reached \(Connection refused\)"):
        post_events(events(), f"http://127.0.0.1:{port}/x", 10)


def test_a_server_that_never_answers_is_an_error_after_the_time_limit() -> None:
    with http_server(hangs=True) as received, pytest.raises(VisageError, match=r"no answer within 0\.2 s"):
        post_events(events(), received.url, 0.2)
