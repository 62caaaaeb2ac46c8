"""The record of a run: whole at its start, completed at its end, also where the run fails."""

import json
from pathlib import Path

import pytest

from pipeline import run_record
from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.run_record import file_name, read_record, record_node, record_path, recorded_run
from tests.helpers.project import PROJECT
from visage.errors import VisageError


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}", "trainer.epochs=3"])


def test_a_record_has_configuration_packages_and_how_the_run_ended(config: PipelineConfig) -> None:
    with recorded_run(config, "one") as recorder:
        before = read_record(config.root, "one")
        recorder.finish(3, gates=[{"name": "age_mae_max", "passed": False}], seconds={"Trainer": 2.5})
    record = read_record(config.root, "one")
    assert before
    assert record
    assert (before.ended, before.exit_code) == (None, None)
    assert before.configuration
    assert before.configuration["trainer"]["epochs"] == 3
    assert {"tfx", "keras"} <= before.packages.keys()
    assert before.stack in ("current", "older-glibc")
    assert (record.exit_code, record.error, record.seconds) == (3, None, {"Trainer": 2.5})
    assert record.gates == [{"name": "age_mae_max", "passed": False}]
    assert record.ended
    assert record.started <= record.ended


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [(VisageError("x: is wrong; fix it\nmore"), 1, "x: is wrong; fix it"), (KeyboardInterrupt(), None, "interrupted")],
)
def test_a_run_that_fails_has_its_error(
    config: PipelineConfig, error: BaseException, exit_code: int | None, line: str
) -> None:
    with pytest.raises(type(error)), recorded_run(config, "one"):
        raise error
    record = read_record(config.root, "one")
    assert record
    assert (record.exit_code, record.error) == (exit_code, line)


def test_the_nodes_of_a_scheduler_write_one_record(tmp_path: Path) -> None:
    run_id = "manual__2026-01-02T03:04:05+00:00"
    record_node(tmp_path / "faces", run_id, {"name": "faces"})
    written = record_path(tmp_path / "faces", run_id).read_bytes()
    record_node(tmp_path / "faces", run_id, {"name": "faces"})
    assert record_path(tmp_path / "faces", run_id).read_bytes() == written
    record = read_record(tmp_path / "faces", run_id)
    assert record
    assert (record.pipeline, record.configuration) == ("faces", {"name": "faces"})


@pytest.mark.parametrize(
    ("revision", "expected"), [("0a1b2c", ("0a1b2c", False)), ("0a1b2c-dirty", ("0a1b2c", True)), ("", (None, None))]
)
def test_without_a_checkout_the_image_names_the_commit(
    config: PipelineConfig, monkeypatch: pytest.MonkeyPatch, revision: str, expected: tuple[str | None, bool | None]
) -> None:
    monkeypatch.setattr(run_record, "_PROJECT", config.root)
    monkeypatch.setenv("VISAGE_GIT_COMMIT", revision)
    record = run_record.new_record("faces", "one")
    assert (record.git_commit, record.git_changed) == expected


def test_run_ids_that_share_a_file_name_are_told_apart(tmp_path: Path) -> None:
    record_node(tmp_path, "a:b", None)
    assert file_name("a:b") == file_name("a+b")
    assert read_record(tmp_path, "a+b") is None
    assert read_record(tmp_path, "other") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3"])
def test_a_damaged_record_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    record_node(tmp_path, "one", None)
    record_path(tmp_path, "one").write_text(text)
    with pytest.raises(VisageError, match=r"one\.json: damaged \(.*\); remove it"):
        read_record(tmp_path, "one")


def test_a_record_of_a_later_version_is_read(tmp_path: Path) -> None:
    record_node(tmp_path, "one", None)
    path = record_path(tmp_path, "one")
    path.write_text(json.dumps({**json.loads(path.read_text()), "news": 1}))
    assert read_record(tmp_path, "one")
