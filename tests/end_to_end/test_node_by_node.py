"""Every node in a process of its own, as clusters run it: same pipeline, same store, same push."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.visage import VISAGE, served_versions, settings, visage
from tests.helpers.limits import wait_until
from tests.helpers.project import PROJECT
from tests.helpers.statsd import statsd_server
from tests.pipeline.exports.http_server import http_server

pytestmark = pytest.mark.slow

NODES = [
    "FaceExampleGen",
    "CuratedSchema",
    "StatisticsGen",
    "ValidatedStatisticsResolver",
    "ExampleValidator",
    "Trainer",
    "BlessedModelResolver",
    "Evaluator",
    "InfraValidator",
    "Pusher",
    "ModelCard",
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Path:
    """A compiled pipeline whose gate a model of one epoch does not pass."""
    folder = tmp_path_factory.mktemp("compiled")
    small = settings(workspace, data__sample_portraits__count=150, trainer__epochs=1, evaluator__age_mae_max=0.1)
    done = visage("compile", "airflow", *small, "--out", folder / "dag.py")
    assert done.returncode == 0, done.stderr
    (ir,) = folder.glob("dag-*.ir.json")
    return ir


def run_node(node: str, compiled: Path, run_id: str) -> subprocess.CompletedProcess[str]:
    return visage("node", node, "--pipeline", compiled, "--run-id", run_id)


def test_a_node_before_its_upstream_is_an_error_of_one_line(compiled: Path) -> None:
    ended = run_node("Trainer", compiled, "too early")
    assert ended.returncode == 1
    assert "Trainer: its inputs are missing; run" in ended.stderr
    assert "--run-id too early" in ended.stderr


def test_a_node_killed_halfway_runs_again_under_the_same_run_id(compiled: Path, workspace: Path) -> None:
    command = [*VISAGE, "node", "FaceExampleGen", "--pipeline", str(compiled), "--run-id", "killed"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, start_new_session=True)

    def draws() -> bool:
        assert process.poll() is None
        return any((workspace / "data").glob("**/.*unfinished-*"))

    wait_until(draws, "portraits half drawn")
    process.send_signal(signal.SIGKILL)
    process.wait()

    ended = run_node("FaceExampleGen", compiled, "killed")

    assert ended.returncode == 0, ended.stderr
    assert "rows →" in ended.stdout


def test_node_by_node_to_a_gate_that_rejects_the_model(
    compiled: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGE_LOG_FORMAT", "json")
    codes, metrics = {}, []
    with http_server() as webhook, statsd_server() as statsd:
        monkeypatch.setenv("VISAGE_WEBHOOK_URL", webhook.url)
        monkeypatch.setenv("VISAGE_STATSD", statsd.address)
        # A scheduler may start a task again.
        for node in (*NODES, "Pusher"):
            ended = run_node(node, compiled, "one run")
            codes[node] = ended.returncode
            assert ended.returncode in (0, 3), f"{node}: {ended.stderr}"
            lines = [json.loads(line) for line in ended.stdout.splitlines()]
            assert {(line["pipeline"], line["run_id"]) for line in lines} == {("sample-portraits", "one run")}
            (end,) = (line for line in lines if line["event"] in ("node_finished", "node_cached"))
            assert (end["node"], type(end["execution_id"])) == (node, int)
            metrics += statsd.received()

    ((*_, content),) = webhook.requests
    told = json.loads(content)
    assert (told["event"], told["run_id"], told["version"]) == ("withheld", "one run", None)
    assert "age_mae_max of overall" in told["gates"]
    assert "no version is served: age_mae_max of overall is " in told["text"]
    assert "visage.sample-portraits.Trainer.ran:1|c" in metrics
    assert "visage.sample-portraits.withheld:1|c" in metrics
    age_mae = next(one for one in metrics if one.startswith("visage.sample-portraits.age_mae:"))
    assert 0 < float(age_mae.partition(":")[2].removesuffix("|g")) < 100

    assert [node for node, code in codes.items() if code] == ["Pusher"]
    assert codes["Pusher"] == 3
    assert (workspace / "sample-portraits" / "logs" / "one_run.Trainer.log").exists()
    assert served_versions(workspace) == []
    record = json.loads((workspace / "sample-portraits" / "runs" / "one_run.json").read_text())
    assert (record["run_id"], record["configuration"]["trainer"]["epochs"]) == ("one run", 1)
    assert "tfx" in record["packages"]


def test_a_node_prints_its_outputs_as_json(compiled: Path) -> None:
    ended = visage("node", "CuratedSchema", "--pipeline", compiled, "--run-id", "another run", "--json")
    (result,) = json.loads(ended.stdout)["nodes"]
    assert result["state"] == "cached"
    assert (Path(result["outputs"]["schema"][0]["uri"]) / "schema.pbtxt").exists()
