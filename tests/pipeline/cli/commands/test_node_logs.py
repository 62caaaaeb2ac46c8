"""What `visage node` prints for programs: JSON lines with the ids of run, node and execution, and StatsD's metrics."""

import json
import re
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.main import main
from pipeline.compiled import write_compiled
from pipeline.node import to_json
from pipeline.output.log_lines import lines_are_json
from tests.helpers.statsd import statsd_server
from tests.pipeline.toy_pipeline import counted


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    return write_compiled(tmp_path, "toy", to_json(counted(tmp_path)))


def node(compiled: Path, *words: str, run_id: str = "1") -> int:
    """Returns the exit code of the command."""
    return main.main(["node", *words, "--pipeline", str(compiled), "--run-id", run_id], standalone_mode=False)


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_line_is_json_with_the_ids(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGE_LOG_FORMAT", "json")
    assert node(compiled, "Counted", "Reader") == 0
    assert node(compiled, "Counted", run_id="2") == 0
    shown = capfd.readouterr()
    assert shown.err == ""
    lines = parsed(shown.out)
    assert [(line["event"], line["node"], line["run_id"], line["execution_id"]) for line in lines] == [
        ("node_started", "Counted", "1", None),
        ("node_finished", "Counted", "1", 1),
        ("node_started", "Reader", "1", None),
        ("node_finished", "Reader", "1", 2),
        ("node_started", "Counted", "2", None),
        ("node_cached", "Counted", "2", 3),
    ]
    assert {(line["pipeline"], line["level"]) for line in lines} == {("toy", "info")}
    assert all(datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0) for line in lines)
    finished, cached = lines[1], lines[5]
    assert finished["message"] == "Counted: done"
    assert finished["seconds"] >= 0.5
    assert finished["output_bytes"] == 7
    assert finished["cpu_seconds"] >= 0
    assert "cpu_seconds" not in cached
    assert not lines_are_json()


def test_a_failure_is_json_on_both_streams(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGE_LOG_FORMAT", "json")
    (tmp_path / "counter.fails").touch()
    assert node(compiled, "Counted", "Reader") == 1
    shown = capfd.readouterr()
    (failed,) = (line for line in parsed(shown.out) if line["event"] == "node_failed")
    assert (failed["level"], failed["node"], failed["execution_id"]) == ("error", "Counted", 1)
    assert failed["message"].startswith("Counted: failed: Counted fails (log: ")
    (error,) = parsed(shown.err)
    assert (error["level"], error["run_id"]) == ("error", "1")
    assert error["message"].startswith("Counted failed: Counted fails (log: ")
    # The log of the frameworks stays text.
    assert "Traceback" in (tmp_path / "logs" / "1.Counted.log").read_text()

    assert node(tmp_path / "none.json", "Counted") == 1
    (error,) = parsed(capfd.readouterr().err)
    assert "none.json does not exist" in error["message"]


def test_another_format_is_refused_in_one_line(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGE_LOG_FORMAT", "xml")
    assert node(compiled, "Counted") == 1
    assert capfd.readouterr().err == "visage: $VISAGE_LOG_FORMAT: 'xml' is no format; set it to text or json\n"
    assert not (tmp_path / "counter").exists()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_statsd_server_gets_each_node(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: socket.AddressFamily
) -> None:
    with statsd_server(family) as server:
        monkeypatch.setenv("VISAGE_STATSD", server.address)
        assert node(compiled, "Counted", "Reader") == 0
        values = dict(line.split(":") for line in server.received())
        assert [name for name in values if name.startswith("visage.toy.Counted.")] == [
            f"visage.toy.Counted.{kind}" for kind in ("ran", "duration", "cpu", "memory")
        ]
        assert re.fullmatch(r"\d+\|ms", values["visage.toy.Counted.duration"])
        assert int(values["visage.toy.Counted.duration"].removesuffix("|ms")) >= 500
        assert int(values["visage.toy.Reader.memory"].removesuffix("|g")) > 10e6

        assert node(compiled, "Counted", run_id="2") == 0
        assert server.received() == ["visage.toy.Counted.cached:1|c"]

        (tmp_path / "counter.fails").touch()
        (tmp_path / "artifacts" / "Counted").rename(tmp_path / "gone")
        assert node(compiled, "Counted", run_id="3") == 1
        failed, duration = server.received()
        assert failed == "visage.toy.Counted.failed:1|c"
        assert duration.startswith("visage.toy.Counted.duration:")


@pytest.mark.parametrize(
    ("address", "warning"),
    [
        # Nobody listens there.
        ("127.0.0.1:9", ""),
        ("here:0", "$VISAGE_STATSD: 'here:0' is no HOST:PORT, e.g. 127.0.0.1:8125; no metrics are sent\n"),
        ("udp://here", "$VISAGE_STATSD: 'udp://here' is no HOST:PORT, e.g. 127.0.0.1:8125; no metrics are sent\n"),
        ("nowhere.invalid:8125", "$VISAGE_STATSD: no address of nowhere.invalid is known; no metrics are sent\n"),
    ],
)
def test_no_server_changes_a_run(
    compiled: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    warning: str,
) -> None:
    monkeypatch.setenv("VISAGE_STATSD", address)
    assert node(compiled, "Counted", "Reader") == 0
    shown = capfd.readouterr()
    assert shown.err == ""
    assert shown.out == f"{warning}Counted: done\nReader: done\n"
