"""`visage run` from archives to a pushed model; the gate; the cache. One workspace, whose runs build on each other."""

import json
import re
from pathlib import Path

import pytest

from tests.end_to_end.visage import served_versions, settings, visage
from tests.pipeline.exports.http_server import http_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def test_a_model_that_misses_the_limits_is_not_pushed(workspace: Path) -> None:
    ended = visage("run", *settings(workspace, trainer__epochs=1, trainer__learning_rate=1e-6))

    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert re.search(r"age_mae_max +overall +\d+\.\d+ .* at most 16 .* failed", ended.stdout)
    assert "Not pushed: not blessed" in ended.stdout
    assert served_versions(workspace) == []


def test_a_model_that_meets_the_same_limits_is_pushed(workspace: Path) -> None:
    ended = visage("run", *settings(workspace))

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"FaceExampleGen +cached", ended.stdout)
    (version,) = served_versions(workspace)
    assert (workspace / "sample-portraits" / "serving" / "visage" / version / "saved_model.pb").exists()
    assert f"Version {version} pushed" in ended.stdout
    assert f"visage predict --model {workspace / 'sample-portraits' / 'serving' / 'visage'} PHOTO" in ended.stdout


def test_the_same_run_again_comes_from_the_cache_and_pushes_nothing(workspace: Path) -> None:
    before = served_versions(workspace)
    ended = visage("run", "--json", *settings(workspace))

    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert set(outcome["cached"]) >= {"FaceExampleGen", "StatisticsGen", "Trainer", "Evaluator", "ModelCard"}
    assert outcome["new_version"] is False
    assert served_versions(workspace) == before == [outcome["version"]]


def test_a_model_worse_than_the_blessed_one_is_not_pushed_and_a_webhook_is_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGE_LOG_FORMAT", "json")
    before = served_versions(workspace)
    lenient = {"evaluator__age_mae_max": 100, "evaluator__gender_accuracy_min": 0}
    with http_server() as webhook:
        monkeypatch.setenv("VISAGE_WEBHOOK_URL", webhook.url)
        ended = visage("run", *settings(workspace, trainer__epochs=1, trainer__learning_rate=1e-6, **lenient))

    ((*_, content),) = webhook.requests
    told = json.loads(content)
    assert (told["event"], told["version"]) == ("withheld", before[-1])
    assert told["gates"]
    assert f"version {before[-1]} stays served" in told["text"]
    assert Path(told["card"]).is_file()
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert served_versions(workspace) == before
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len({(line["pipeline"], line["run_id"]) for line in lines}) == 1
    ends = {line["node"]: line for line in lines if line["event"] in ("node_finished", "node_cached")}
    assert (len(ends), ends["FaceExampleGen"]["event"]) == (11, "node_cached")
    assert ends["Evaluator"]["memory_bytes"] > 100e6
    assert len({line["execution_id"] for line in ends.values()}) == 11
    assert ends["Trainer"]["time"] <= ends["ModelCard"]["time"] <= lines[-1]["time"]
    assert any(line["level"] == "warning" and line["message"].startswith("Not pushed") for line in lines)


def test_a_card_that_cannot_be_written_hides_neither_the_gate_nor_the_push(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = served_versions(workspace)
    # A webhook that is away changes nothing but one line.
    monkeypatch.setenv("VISAGE_WEBHOOK_URL", "http://127.0.0.1:9/hunter2")
    cards = workspace / "sample-portraits" / "artifacts" / "ModelCard"
    cards.rename(cards.with_name("kept"))
    cards.touch()
    # Another limit: the model comes from the cache, its evaluation and its card do not.
    ended = visage("run", *settings(workspace, evaluator__age_mae_max=17))
    cards.unlink()
    cards.with_name("kept").rename(cards)

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert re.search(r"age_mae_max +overall +\d+\.\d+ .* at most 17 .* ok", ended.stdout)
    assert f"Version {before[-1]} was pushed before" in ended.stdout
    assert ended.stdout.endswith("model card  not written\n")
    told, failed = ended.stderr.splitlines()
    assert told.startswith("visage: notification of failed not sent: http://127.0.0.1:9/…: not reached (")
    assert "hunter2" not in told
    assert re.fullmatch(r"visage: ModelCard failed: .*artifacts/ModelCard.*", failed)
    assert served_versions(workspace) == before


def test_nothing_of_the_frameworks_reaches_the_screen_and_the_log_has_it(workspace: Path) -> None:
    ended = visage("run", *settings(workspace))
    assert ended.stderr == ""
    for noise in ("WARNING", "INFO:", "W0000", "E0000", "FutureWarning", "ZetaSQL"):
        assert noise not in ended.stdout
    assert any((workspace / "sample-portraits" / "logs").iterdir())
