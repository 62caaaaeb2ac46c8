"""`visage crossval` as a user calls it: killed after its first model, called again, and what is measured in the end."""

import json
import subprocess
from pathlib import Path

import pytest

from components.evaluator.result import read_evaluation
from tests.end_to_end.visage import PROJECT, VISAGE, visage

pytestmark = pytest.mark.slow

# Half of the portraits, as crops, so that nothing has to be found.
SMALL = {
    "data.sources": ["utkface"],
    "data.sample_portraits.count": 120,
    "alignment.detector": "none",
    "trainer.epochs": 1,
}


def test_a_killed_cross_validation_goes_on_and_measures_each_model_as_the_evaluator_does(tmp_path: Path) -> None:
    values = {"workspace": str(tmp_path), **SMALL}
    options = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    command = ["crossval", "--folds", "2", "--repeats", "1", *options]

    killed = subprocess.Popen([*VISAGE, *command], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    assert any("✓ run 1 of 2" in line for line in killed.stdout)
    killed.kill()
    killed.communicate()
    (finished,) = (tmp_path / "sample-portraits-crossval" / "crossval").glob("*.json")

    ended = visage(*command, "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["by_fold"][0]["models"][0]["run"] == json.loads(finished.read_text())
    assert found["records"] == sum(fold["records"] for fold in found["by_fold"])
    for fold in found["by_fold"]:
        (model,) = fold["models"]
        overall = read_evaluation(model["run"]["evaluation"]).overall
        assert overall.count == fold["records"]
        assert model["scores"]["age_mae"] == pytest.approx(overall.age_mae, abs=1e-3)
        assert model["scores"]["gender_accuracy"] == pytest.approx(overall.gender_accuracy, abs=1e-6)
    assert not list(tmp_path.rglob("serving"))
