"""The exports after a run: which are made, and that a failed one changes nothing else."""

import io
import json
from pathlib import Path

import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.exports import export
from pipeline.exports.export import enabled_exports, export_run
from pipeline.output.console import Reporter
from pipeline.pipeline import create_pipeline
from pipeline.results import ExportResult
from pipeline.runners import local
from tests.helpers.ports import free_ports
from tests.helpers.project import PROJECT
from tests.pipeline.config.refusal import refusal
from tests.pipeline.test_local_order import toy
from visage.errors import VisageError


def configured(folder: Path, *changes: str) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={folder}", "name=toy", *changes])


def run_toy(config: PipelineConfig, fails: str, monkeypatch: pytest.MonkeyPatch) -> tuple[local.RunResult, str]:
    """Runs a pipeline of three nodes in place of the configured one; returns its result and the screen."""

    def compile_toy(config: PipelineConfig) -> pipeline_pb2.Pipeline:
        config.root.mkdir(parents=True)
        return toy(config.root, fails)

    monkeypatch.setattr(local, "compile_pipeline", compile_toy)
    screen = io.StringIO()
    try:
        return local.run_pipeline(config, "1", Reporter(screen)), screen.getvalue()
    except VisageError as error:
        raise VisageError(f"{error}\n{screen.getvalue()}") from error


def jobs(file: Path) -> list[tuple[str, str]]:
    events = [json.loads(line) for line in file.read_text().splitlines()]
    return [(event["job"]["name"], event["eventType"]) for event in events]


def test_nothing_is_exported_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path)
    assert enabled_exports(config) == []
    result, screen = run_toy(config, "", monkeypatch)
    assert list(result.exports) == []
    assert "export" not in screen


def test_an_export_follows_the_last_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lineage.ndjson"
    result, screen = run_toy(configured(tmp_path, f"exports.openlineage.file={file}"), "Left", monkeypatch)
    assert list(result.exports) == [ExportResult("openlineage", str(file))]
    assert jobs(file)[0] == ("toy", "START")
    assert ("toy.Right", "COMPLETE") in jobs(file)
    assert ("toy.Left", "FAIL") in jobs(file)
    assert "exported" not in screen


def test_a_run_that_stops_is_exported_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lineage.ndjson"
    with pytest.raises(VisageError, match="Source fails for the"):
        run_toy(configured(tmp_path, f"exports.openlineage.file={file}"), "Source", monkeypatch)
    assert jobs(file) == [("toy", "START"), ("toy.Source", "START"), ("toy.Source", "FAIL"), ("toy", "FAIL")]


def test_a_failed_export_is_one_line_and_stops_neither_the_run_nor_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lineage.ndjson"
    with free_ports(1) as (port,):
        changes = ("exports.ml_bom=true", f"exports.mlflow.tracking_uri=http://127.0.0.1:{port}")
        config = configured(tmp_path, f"exports.openlineage.file={file}", *changes)
        result, screen = run_toy(config, "", monkeypatch)
    assert result.nodes.keys() == {"Source", "Left", "Right"}
    assert [(one.name, one.error is None) for one in result.exports] == [
        ("ml_bom", False),
        ("openlineage", True),
        ("mlflow", False),
    ]
    warnings = [line for line in screen.splitlines() if line.startswith("exports.")]
    assert warnings[0].startswith("exports.ml_bom: not exported: 1: the run trained no model")
    assert warnings[1].startswith(f"exports.mlflow: not exported: http://127.0.0.1:{port}/")
    assert len(warnings) == 2


def test_a_defect_in_an_export_is_a_failed_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(run: object) -> str:
        raise KeyError("defect")

    monkeypatch.setitem(export.EXPORTS, "ml_bom", defect)
    result, _ = run_toy(configured(tmp_path, "exports.ml_bom=true"), "", monkeypatch)
    assert list(result.exports) == [ExportResult("ml_bom", None, "KeyError: 'defect'")]


def test_a_run_that_is_not_in_ml_metadata_fails_every_export(tmp_path: Path) -> None:
    found = export_run(configured(tmp_path, "exports.ml_bom=true"), "9")
    assert [one.name for one in found] == ["ml_bom"]
    assert found[0].error is not None
    assert "toy has no runs yet" in found[0].error


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("exports.mlflow.tracking_uri=sqlite:///mlflow.db", "must be an address of HTTP, such as http://HOST:5000"),
        ("exports.mlflow.tracking_uri=http://ada:secret@host", "must not hold a password"),
        (
            "exports.mlflow.tracking_uri=https://ada:se#secret@host",
            "must be an address of HTTP, such as http://HOST:5000",
        ),
        ("exports.openlineage.url=ada:secret@host", "not one with an @, which may hold a password"),
        ("exports.openlineage.url=http://", "must be an address of HTTP"),
        ("exports.openlineage.url=http://host:99999", "must be an address of HTTP"),
        ("exports.signing.private_key=key.pem", "public_key: must be set with private_key"),
        ("exports.timeout_seconds=0", "must be greater than 0"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_before_the_run(override: str, words: str) -> None:
    message = refusal(override)
    assert words in message
    assert "secret" not in message


def test_the_keys_of_a_signature_are_checked_before_the_run(tmp_path: Path) -> None:
    from pipeline.checks.extras import check_extras

    config = configured(tmp_path, "exports.signing={private_key: /nowhere/key.pem, public_key: /nowhere/key.pub}")
    with pytest.raises(VisageError, match=r"/nowhere/key\.pem: no such file"):
        check_extras(config)


def test_pusher_gets_the_keys_as_absolute_paths_and_nothing_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def custom_config(*changes: str) -> dict[str, object]:
        pipeline = create_pipeline(configured(tmp_path, *changes))
        (pusher,) = (node for node in pipeline.components if node.id == "Pusher")
        return json.loads(pusher.exec_properties["custom_config"])

    # Another value would run every cached push again.
    assert custom_config() == custom_config("exports.signing.public_key=key.pub") == {"compare": True}
    keys = {"private_key": str(tmp_path / "key.pem"), "public_key": str(tmp_path / "key.pub")}
    signed = custom_config("exports.signing={private_key: key.pem, public_key: key.pub}")
    assert signed == {"compare": True, "signing": keys}
