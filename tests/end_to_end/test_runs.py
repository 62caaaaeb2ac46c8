"""`visage runs` and `visage lineage` on real runs: two models, a rollback, a release, a prune."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.visage import served_versions, settings, visage

pytestmark = pytest.mark.slow

LENIENT = {
    "data__sample_portraits__count": 150,
    "trainer__epochs": 1,
    "evaluator__age_mae_max": 100,
    "evaluator__gender_accuracy_min": 0,
    "evaluator__age_mae_increase_max": None,
    "evaluator__gender_accuracy_decrease_max": None,
}
FIRST = {"data__sample_portraits__seed": 1}
SECOND = {"data__sample_portraits__seed": 2}
# Never blessed.
BAD = {**SECOND, "trainer__seed": 9, "evaluator__age_mae_max": 0.01}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def run(workspace: Path, **changes: Any) -> tuple[int, dict[str, Any]]:
    ended = visage("run", "--json", *settings(workspace, **{**LENIENT, **changes}))
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)


def answer(workspace: Path, *words: str) -> dict[str, Any]:
    ended = visage(*words, "--json", "--set", f"workspace={workspace}")
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def test_two_runs_are_listed_compared_and_followed_back_to_their_data(workspace: Path) -> None:
    outcomes = [run(workspace, **FIRST), run(workspace, **SECOND)]
    assert [code for code, _ in outcomes] == [0, 0]
    first, second = (outcome for _, outcome in outcomes)

    listed = answer(workspace, "runs", "list")
    assert [one["run_id"] for one in listed["runs"]] == [first["run_id"], second["run_id"]]
    assert [one["version"] for one in listed["runs"]] == [first["version"], second["version"]]
    assert [one["place"] for one in listed["versions"]] == ["older", "served"]
    assert listed["runs"][1]["metrics"]["age_mae"] > 0

    shown = answer(workspace, "runs", "show", first["run_id"])
    assert shown["record"]["exit_code"] == 0
    assert shown["record"]["configuration"]["data"]["sample_portraits"] == {"count": 150, "seed": 1}
    assert shown["record"]["gates"]
    assert shown["unknown"] == []
    used = {one["node"]: one for one in shown["resources"]}
    assert {"FaceExampleGen", "Trainer", "Evaluator", "Pusher", "ModelCard"} <= used.keys()
    assert used["Trainer"]["cpu_seconds"] > 0
    assert all(one["memory_bytes"] > 50e6 for one in used.values())
    card = json.loads(Path(shown["nodes"]["ModelCard"]["outputs"]["model_card"][0], "model_card.json").read_text())
    # Of those before it.
    assert card["resources"] == [one for node, one in used.items() if node not in ("Pusher", "ModelCard")]

    compared = answer(workspace, "runs", "compare", first["run_id"], second["run_id"])
    assert compared["configuration"] == {"data.sample_portraits.seed": [1, 2]}
    assert set(compared["archives"]) == {"utkface", "adience/faces", "imdb_wiki/wiki"}
    assert compared["code"] == {}
    # Somebody may edit a file between the two runs.
    assert set(compared["environment"]) <= {"git_commit", "git_changed"}

    origin = answer(workspace, "lineage", first["version"])
    assert origin["trained_by"]["run_id"] == first["run_id"]
    assert origin["place"] == "older"
    assert sum(origin["cleaning_report"]["total"]["by_split"].values()) > 100
    models = answer(workspace, "lineage", "--archive", "adience")["models"]
    assert [model["versions"][0][0] for model in models] == [first["version"], second["version"]]


def test_a_rollback_stays_until_it_is_released(workspace: Path) -> None:
    before = served_versions(workspace)
    rollback = answer(workspace, "runs", "rollback", before[0], "--reason", "errs on children")
    assert rollback["decision"]["reason"] == "errs on children"
    assert served_versions(workspace) == before[:1]

    code, outcome = run(workspace, **SECOND)
    assert (code, outcome["pushed"]) == (4, False)
    assert f"this is version {before[1]}, rolled back by " in outcome["held"]
    assert served_versions(workspace) == before[:1]
    listed = answer(workspace, "runs", "list")
    assert listed["runs"][-1]["held"] == outcome["held"]
    assert listed["hold"]["rollback"]["version"] == int(before[0])

    assert answer(workspace, "runs", "release")["served"] == before[1]
    assert served_versions(workspace) == before


def test_what_was_pruned_is_made_again(workspace: Path) -> None:
    code, bad = run(workspace, **BAD)
    assert code == 3
    code, _ = run(workspace, **SECOND)
    assert code == 0
    pruned = answer(workspace, "runs", "prune", "--keep", "1")
    assert [Path(one["path"]).parts[-3:-1] for one in pruned["removals"] if one["what"] == "Model"] == [
        ("Trainer", "model")
    ]
    assert bad["run_id"] not in pruned["kept"]
    assert answer(workspace, "runs", "prune", "--keep", "1")["removals"] == []

    code, again = run(workspace, **BAD)
    assert code == 3
    assert "Trainer" not in again["cached"]
    assert "FaceExampleGen" in again["cached"]
