"""A pushed model that TensorFlow Serving cannot load is named, with the fix."""

import io
from pathlib import Path

import pytest

from pipeline.checks.unservable import unservable_versions
from pipeline.cli.doctor import Finding, diagnose
from pipeline.config.loader import load_config
from pipeline.output.console import Reporter
from pipeline.runners import local, sequence
from tests.helpers.project import PROJECT

# The entry of the object graph by which such an export is known; `test_older_exports.py` makes a real one.
OLDER = b"graph \x12\x08_network graph"
TODAYS = b"graph \x12\x08_weights graph"


def push(workspace: Path, pipeline: str, version: int, graph: bytes) -> Path:
    folder = workspace / pipeline / "serving" / "visage" / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(graph)
    return folder


def finding() -> Finding:
    return next(found for found in diagnose() if found.name == "models")


def test_only_the_newest_version_counts(tmp_path: Path) -> None:
    push(tmp_path, "again", 7, OLDER)
    push(tmp_path, "again", 10, TODAYS)
    once = push(tmp_path, "once", 10, OLDER)
    push(tmp_path, "once", 9, TODAYS)
    (tmp_path / "never" / "serving").mkdir(parents=True)
    assert list(unservable_versions(tmp_path)) == [once]


def test_doctor_names_the_model_and_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pipeline_config.yaml").write_text(
        f"extends: {PROJECT / 'pipeline_config.yaml'}\nworkspace: ~/elsewhere\n"
    )
    push(tmp_path / "elsewhere", "faces", 7, OLDER)
    found = finding()
    assert found.status == "missing"
    assert found.detail == (
        "TensorFlow Serving cannot load what an earlier VisAge exported to "
        f"{tmp_path}/elsewhere: faces/serving/visage/7"
    )
    assert found.fix == "`visage run` with the configuration of faces trains and pushes a new version"
    push(tmp_path / "elsewhere", "faces", 8, TODAYS)
    assert finding().status == "ok"


@pytest.mark.parametrize("text", [None, "workspace: [1]\n", "- 1\n", "a: b: c\n"])
def test_without_a_valid_configuration_doctor_checks_the_default_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "pipeline_config.yaml").write_text(text)
    assert finding().detail == "none below runs that TensorFlow Serving cannot load"
    push(tmp_path / "runs", "faces", 7, OLDER)
    assert finding().detail.endswith("runs: faces/serving/visage/7")


def test_a_run_names_the_model_before_its_first_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}"])
    version = push(tmp_path, config.name, 7, OLDER)
    output = io.StringIO()

    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sequence, "run_node", stop)
    with pytest.raises(KeyboardInterrupt):
        local.run_pipeline(config, "1", Reporter(output))
    assert (
        f"{version}: an earlier VisAge exported it, and TensorFlow Serving cannot load it; this run pushes a new "
        "version if its model is blessed" in output.getvalue()
    )
