"""`visage node` as a scheduler calls it, on a pipeline of two small nodes."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from pipeline.cli.main import main
from pipeline.compiled import CONFIGURATION, write_compiled
from pipeline.config.loader import load_config
from pipeline.exit_codes import FAILED, HELD, NOT_BLESSED
from pipeline.node import to_json
from pipeline.run_record import read_record
from pipeline.task_report import TaskReport
from tests.pipeline.config.refusal import DEFAULT
from tests.pipeline.exports.http_server import http_server
from tests.pipeline.toy_pipeline import counted


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    return write_compiled(tmp_path, "toy", to_json(counted(tmp_path)))


def node(compiled: Path, *words: str, run_id: str = "1") -> int:
    """Returns the exit code of the command."""
    command = ["node", *words, "--pipeline", str(compiled), "--run-id", run_id]
    return main.main(command, standalone_mode=False)


def states(report: Path) -> dict[str, str]:
    return {one["node"]: one["state"] for one in json.loads(report.read_text())["nodes"]}


def test_nodes_run_in_one_process_in_the_order_of_the_pipeline(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    assert node(compiled, "Reader", "Counted", "--report", str(report)) == 0
    assert capfd.readouterr().out == "Counted: done\nReader: done\n"
    values: dict[str, Any] = json.loads(report.read_text())
    assert (values["run_id"], values["pipeline"]) == ("1", "toy")
    assert states(report) == {"Counted": "ran", "Reader": "ran"}
    assert all(one["seconds"] >= 0 for one in values["nodes"])
    left = {key: values[key] for key in ("gates", "metrics", "card", "pushed", "withheld")}
    assert set(left.values()) == {None}
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"1.Counted.log", "1.Reader.log"}

    assert node(compiled, "Counted", "Reader", "--report", str(report), run_id="2") == 0
    assert states(report) == {"Counted": "cached", "Reader": "cached"}
    assert node(compiled, "Counted", "--json", run_id="2") == 0
    shown = json.loads(capfd.readouterr().out.split("(cached): done\n")[-1])
    assert (Path(shown["nodes"][0]["outputs"]["text"][0]["uri"])).read_text() == "counted"


def test_a_failed_node_stops_those_after_it_and_the_report_says_so(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "counter.fails").touch()
    report = tmp_path / "report.json"
    assert node(compiled, "Counted", "Reader", "--report", str(report)) == 1
    shown = capfd.readouterr()
    log = tmp_path / "logs" / "1.Counted.log"
    assert shown.err == f"visage: Counted failed: Counted fails (log: {log})\n"
    assert shown.out == f"Counted: failed: Counted fails (log: {log})\n"
    assert "Traceback" in log.read_text()
    assert states(report) == {"Counted": "failed", "Reader": "skipped"}
    assert json.loads(report.read_text())["nodes"][0]["error"] == f"Counted fails (log: {log})"


def test_the_report_of_an_earlier_attempt_does_not_stay(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    report.write_text("{}")
    assert node(tmp_path / "none.json", "Counted", "--report", str(report)) == 1
    assert not report.exists()
    assert node(compiled, "Counted", "--report", str(tmp_path / "none" / "report.json")) == 1
    assert "is no folder that can be written" in capfd.readouterr().err


@pytest.mark.parametrize("version", ["0.0.1", None])
def test_the_pipeline_of_another_version_is_refused_in_one_line_and_nothing_runs(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], version: str | None
) -> None:
    values = json.loads(compiled.read_text())
    if version is None:
        del values["platform_configs"]["visage_version"]
    else:
        values["platform_configs"]["visage_version"]["value"] = version
    other = tmp_path / "other.ir.json"
    other.write_text(json.dumps(values))
    assert node(other, "Counted") == 1
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert f"{f'VisAge {version}' if version else 'an earlier VisAge'} compiled it, and this is " in error
    assert not (tmp_path / "counter").exists()
    assert not (tmp_path / "metadata.sqlite").exists()


def test_a_run_keeps_the_compiled_pipeline_that_it_began_with(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert node(compiled, "Counted") == 0
    compiled_again = counted(tmp_path)
    parameters = compiled_again.nodes[0].pipeline_node.parameters.parameters
    parameters["counter"].field_value.string_value = str(tmp_path / "other")
    again = write_compiled(tmp_path, "toy", to_json(compiled_again))
    assert again != compiled
    assert compiled.exists()

    capfd.readouterr()
    compiled.unlink()
    assert node(again, "Counted", "Reader") == 0
    digests = [file.name.removeprefix("toy-").removesuffix(".ir.json") for file in (compiled, again)]
    assert capfd.readouterr().out.splitlines()[0] == (
        f"this run began with the compiled pipeline {digests[0]}, and goes on with it instead of {digests[1]}"
    )
    assert not (tmp_path / "other").exists()
    record = read_record(tmp_path, "1")
    assert record is not None
    assert record.compiled == digests[0]

    assert node(again, "Counted", run_id="2") == 0
    assert (tmp_path / "other").exists()

    for kept in (tmp_path / "compiled").iterdir():
        kept.unlink()
    assert node(again, "Reader") == 1
    assert "with which it began, was removed; start a new run" in capfd.readouterr().err


def test_a_run_does_not_go_on_in_the_tasks_of_a_pipeline_with_other_nodes(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert node(compiled, "Counted") == 0
    with_another = counted(tmp_path)
    del with_another.nodes[1]
    other = write_compiled(tmp_path, "toy", to_json(with_another))
    capfd.readouterr()
    assert node(other, "Counted") == 1
    assert capfd.readouterr().err == (
        "visage: run 1: it began with a compiled pipeline of other nodes (Reader), so it cannot go on in these tasks; "
        "start a new run\n"
    )


def test_a_compiled_pipeline_is_never_overwritten(compiled: Path, tmp_path: Path) -> None:
    before = compiled.stat().st_mtime_ns
    assert write_compiled(tmp_path, "toy", to_json(counted(tmp_path))) == compiled
    assert compiled.stat().st_mtime_ns == before
    text = compiled.read_text()
    compiled.write_text(text + " ")
    with pytest.raises(Exception, match="was changed after it was compiled"):
        write_compiled(tmp_path, "toy", text)


def test_a_parameter_that_no_trigger_may_set_is_refused_before_anything_runs(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert node(compiled, "Counted", "--param", "trainer.epochs=1") == 1
    assert capfd.readouterr().err.startswith("visage: --param trainer.epochs: no trigger may set this; allowed: ")
    assert not (tmp_path / "counter").exists()


def test_a_failed_task_is_told_once_however_often_it_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ir, root = counted(tmp_path / "toy"), tmp_path / "toy"
    config = load_config(DEFAULT, ["name=toy", f"workspace={tmp_path}"])
    ir.platform_configs[CONFIGURATION].Pack(StringValue(value=config.model_dump_json()))
    compiled = write_compiled(tmp_path, "toy", to_json(ir))
    root.mkdir(exist_ok=True)
    (root / "counter.fails").touch()
    with http_server() as webhook:
        monkeypatch.setenv("VISAGE_WEBHOOK_URL", webhook.url)
        assert [node(compiled, "Counted", run_id=run_id) for run_id in "112"] == [1, 1, 1]
    told = [json.loads(content) for *_, content in webhook.requests]
    assert [(one["event"], one["pipeline"], one["run_id"]) for one in told] == [
        ("failed", "toy", "1"),
        ("failed", "toy", "2"),
    ]
    assert told[0]["text"].startswith("toy: run 1 failed, no version is served: Counted failed: Counted fails")
    assert "notification" not in capfd.readouterr().err


def on_kubeflow(compiled: Path, *words: str) -> tuple[int, Path]:
    """Runs a task as a container of Kubeflow does; returns the exit code and the file of its message."""
    message = compiled.parent / "kfp" / "output.json"
    given = json.dumps({"outputs": {"outputFile": str(message)}})
    command = ["kubeflow-task", *words, "--pipeline", str(compiled), "--run-id", "1", "--executor-input", given]
    return main.main(command, standalone_mode=False) or 0, message


def test_a_failed_task_leaves_kubeflow_no_message(
    compiled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "counter.fails").touch()
    code, message = on_kubeflow(compiled, "Counted", "Reader")
    assert (code, message.exists()) == (1, False)
    (tmp_path / "counter.fails").unlink()
    code, message = on_kubeflow(compiled, "Counted", "Reader")
    assert (code, json.loads(message.read_text())) == (0, {"parameterValues": {}, "artifacts": {}})


@pytest.mark.parametrize(("given", "code"), [(0, 0), (NOT_BLESSED, 0), (HELD, 0), (FAILED, FAILED)])
def test_a_task_on_kubeflow_fails_for_defects_alone(
    compiled: Path, monkeypatch: pytest.MonkeyPatch, given: int, code: int
) -> None:
    """Kubeflow drops the outputs of a failed task, and with them why a model is withheld."""
    asked: list[bool] = []

    def exit_code(_: TaskReport, last_try: bool) -> int:
        asked.append(last_try)
        return given

    monkeypatch.setattr(TaskReport, "exit_code", exit_code)
    ended, message = on_kubeflow(compiled, "Counted")
    assert (ended, message.exists(), asked) == (code, code == 0, [True])
