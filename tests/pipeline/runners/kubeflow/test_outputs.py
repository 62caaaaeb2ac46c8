"""A task's report becomes Kubeflow's outputs, at the places that its launcher names."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.runners.kubeflow.outputs import TaskOutputs
from tests.helpers.page_text import Page
from visage.errors import VisageError

GATE = {"name": "age_mae_max", "of": "Overall", "compared_with": None, "relation": "<=", "limit": 6.0, "unit": "years"}
PASSED = {**GATE, "value": 4.7, "evidence": "point", "verdict": "passed", "ok": True}
FAILED = {**GATE, "of": "race = <other>", "value": None, "evidence": "harm", "verdict": "failed", "ok": False}


def report(card: Path | None, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": "run-7",
        "pipeline": "faces",
        "nodes": [],
        "gates": [PASSED, FAILED],
        "metrics": {"age_mae": 4.7, "gender_accuracy": 0.97, "gender_auc": None},
        "card": card and str(card),
        "pushed": {"version": "1764480000", "uri": "/w/serving/1764480000", "metrics": {}, "card": None},
        "withheld": None,
        **changes,
    }


def executor_input(folder: Path) -> str:
    """Returns the message as kfp.local and Kubeflow's launcher write it."""
    types = {"metrics": "system.Metrics", "gate": "system.HTML", "card": "system.HTML"}
    artifacts = {
        name: {
            "artifacts": [
                {"name": name, "uri": f"minio://bucket/{name}", "type": {"schemaTitle": title}, "metadata": {}}
            ]
        }
        for name, title in types.items()
    }
    parameters = {name: {"outputFile": str(folder / "made" / name)} for name in ("pushed_version", "withheld")}
    outputs = {"artifacts": artifacts, "parameters": parameters, "outputFile": str(folder / "kfp" / "output.json")}
    return json.dumps({"inputs": {}, "outputs": outputs})


def written(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    outputs = TaskOutputs.read(executor_input(folder), {name: folder / "local" / name for name in ("gate", "card")})
    outputs.write(given)
    return json.loads((folder / "kfp" / "output.json").read_text())


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "model_card.html"
    path.write_text("<html>the card</html>")
    return path


def test_the_message_has_the_metrics_and_keeps_where_artifacts_lie(tmp_path: Path, card: Path) -> None:
    message = written(tmp_path, report(card))
    (metrics,) = message["artifacts"]["metrics"]["artifacts"]
    assert metrics["metadata"] == {"age_mae": 4.7, "gender_accuracy": 0.97}
    assert (metrics["name"], metrics["uri"]) == ("metrics", "minio://bucket/metrics")
    assert message["artifacts"]["gate"]["artifacts"][0]["uri"] == "minio://bucket/gate"


@pytest.mark.parametrize("figure", [None, float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_left_out_because_json_has_none(
    tmp_path: Path, card: Path, figure: float | None
) -> None:
    message = written(tmp_path, report(card, metrics={"age_mae": 4.7, "gender_auc": figure}))
    assert message["artifacts"]["metrics"]["artifacts"][0]["metadata"] == {"age_mae": 4.7}


def test_the_pages_lie_at_their_local_paths(tmp_path: Path, card: Path) -> None:
    written(tmp_path, report(card))
    assert (tmp_path / "local" / "card").read_text() == "<html>the card</html>"
    page = Page((tmp_path / "local" / "gate").read_text())
    text = " ".join(page.text)
    assert "1 of 2 limits failed" in text
    assert text.index("race = <other>") < text.index("Overall")
    assert page.loaded == []


def test_only_a_version_that_this_task_pushed_is_an_event(tmp_path: Path, card: Path) -> None:
    assert written(tmp_path, report(card))["parameterValues"] == {"pushed_version": "1764480000", "withheld": ""}
    assert (tmp_path / "made" / "pushed_version").read_text() == "1764480000"
    message = written(tmp_path, report(card, pushed=None, withheld="not blessed"))
    assert message["parameterValues"] == {"pushed_version": "", "withheld": "not blessed"}
    assert (tmp_path / "made" / "pushed_version").read_text() == ""


def test_a_task_before_the_evaluator_has_no_outputs(tmp_path: Path) -> None:
    outputs = {"outputFile": str(tmp_path / "output.json")}
    TaskOutputs.read(json.dumps({"outputs": outputs}), {}).write(report(None, gates=None, metrics=None, pushed=None))
    assert json.loads((tmp_path / "output.json").read_text()) == {"parameterValues": {}, "artifacts": {}}


@pytest.mark.parametrize("text", ["", "{{$}}", "[]", '{"inputs": {}}'])
def test_another_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(VisageError, match="not Kubeflow's message ExecutorInput"):
        TaskOutputs.read(text, {})


def test_a_model_that_was_pushed_without_its_card_is_reported(tmp_path: Path) -> None:
    assert written(tmp_path, report(None))["parameterValues"]["pushed_version"] == "1764480000"
    assert "It could not be made" in (tmp_path / "local" / "card").read_text()


def test_a_card_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="the model card cannot be read: No such file"):
        written(tmp_path, report(tmp_path / "gone.html"))


@pytest.mark.parametrize(("withheld", "code"), [("", 0), ("not blessed", 1), ("held", 1)])
def test_the_verdict_fails_unless_the_model_was_pushed(withheld: str, code: int) -> None:
    ended = CliRunner().invoke(main, ["kubeflow-verdict", "--withheld", withheld])
    assert ended.exit_code == code
    assert withheld in ended.output
