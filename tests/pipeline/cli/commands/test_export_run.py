"""`visage runs export`: the exports of a recorded run, as a person or a scheduler's last task makes them."""

import json
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.config.loader import load_config
from pipeline.run_lock import hold_run_lock
from pipeline.run_record import record_node
from tests.helpers.ports import free_ports
from tests.helpers.project import PROJECT
from tests.pipeline.recorded_runs import RecordedPipeline

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> RecordedPipeline:
    """A run of `visage run`, one of a scheduler, and one whose record is of another version."""
    pipeline = RecordedPipeline(tmp_path_factory.mktemp("workspace") / "sample-portraits")
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={pipeline.root.parent}", "trainer.epochs=3"])
    pipeline.run("first", configuration=config.model_dump(mode="json"))
    pipeline.run("scheduled 09:30+00:00")
    record_node(pipeline.root, "scheduled 09:30+00:00", config.model_dump(mode="json"))
    pipeline.run("old", configuration={"trainer": {"epochs": 4}})
    return pipeline


def export(pipeline: RecordedPipeline, *words: str) -> int:
    """Returns the exit code of the command."""
    options = ["--config", str(PROJECT / "pipeline_config.yaml"), "--set", f"workspace={pipeline.root.parent}"]
    return main.main(["runs", "export", *words, *options], standalone_mode=False)


def test_each_export_is_named_with_its_place(
    pipeline: RecordedPipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lineage.ndjson"
    assert export(pipeline, "first", "--set", f"exports.openlineage.file={file}") == 0
    assert capfd.readouterr().out == f"exports     1 of 1 done\n  openlineage {file}\n"
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert (events[-1]["job"]["name"], events[-1]["eventType"]) == ("sample-portraits", "COMPLETE")


def test_a_failed_export_is_exit_code_1_and_stops_no_other(
    pipeline: RecordedPipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lineage.ndjson"
    with free_ports(1) as (port,):
        server = f"exports.mlflow.tracking_uri=http://127.0.0.1:{port}"
        assert export(pipeline, "first", "--set", server, "--set", f"exports.openlineage.file={file}", "--json") == 1
    shown = json.loads(capfd.readouterr().out)
    assert shown["run_id"] == "first"
    assert [(one["name"], one["place"]) for one in shown["exports"]] == [("openlineage", str(file)), ("mlflow", None)]
    assert "not reached" in shown["exports"][1]["error"]
    assert "Traceback" in (pipeline.root / "logs" / "first.exports.log").read_text()


def test_a_schedulers_run_is_exported_while_no_run_is_active(
    pipeline: RecordedPipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = ("--set", f"exports.openlineage.file={tmp_path / 'lineage.ndjson'}")
    assert export(pipeline, "scheduled 09:30+00:00", *file) == 0
    with hold_run_lock(pipeline.root):
        assert export(pipeline, "scheduled 09:30+00:00", *file) == 1
        assert "another run of this pipeline is active" in capfd.readouterr().err
        # It has ended, whatever runs now.
        assert export(pipeline, "first", *file) == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["first"], "exports: none is configured; docs/exports.md names the keys"),
        (["frist", "--set", "exports.ml_bom=true"], "run frist: sample-portraits has no such run; did you mean first?"),
        (
            ["--set", "exports.ml_bom=true"],
            "run old: holds no configuration of this version of VisAge; export it with the version that ran it",
        ),
        (["--pipeline", "dag.ir.json"], "--pipeline: holds the whole configuration; leave out --config and --set"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    pipeline: RecordedPipeline, words: list[str], line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert export(pipeline, *words) == 1
    shown = capfd.readouterr().err.splitlines()
    assert len(shown) == 1
    assert shown[0].startswith(f"visage: {line}")


def test_a_run_that_was_not_due_has_nothing_to_export(
    pipeline: RecordedPipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events = ("--set", f"exports.openlineage.file={tmp_path / 'lineage.ndjson'}")
    assert export(pipeline, "not due", *events) == 1
    assert "has no such run" in capfd.readouterr().err
    assert not export(pipeline, "not due", "--missing-ok", *events)
    assert capfd.readouterr().out == "no node of the run has started; nothing to export\n"
    assert export(pipeline, "first", "--missing-ok", *events) == 0
