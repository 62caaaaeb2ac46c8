"""Runs, artifacts and executions of one pipeline, as its metadata have them."""

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.metadata import store as store_module
from pipeline.metadata.reader import PipelineMetadata
from tests.pipeline.locked_database import locked
from tests.pipeline.pushed_model import execution, open_store
from tests.pipeline.recorded_runs import RecordedPipeline
from visage.errors import VisageError


@pytest.fixture
def pipeline(tmp_path: Path) -> RecordedPipeline:
    return RecordedPipeline(tmp_path / "faces")


def test_a_run_has_its_nodes_outcome_and_version(pipeline: RecordedPipeline) -> None:
    first = pipeline.run("first")
    second = pipeline.run("second", blessed=0, data=first)
    one, other = PipelineMetadata(pipeline.root).runs
    assert (one.run_id, one.state, one.blessed, one.version) == ("first", "complete", True, first.version)
    assert (other.run_id, other.state, other.blessed, other.version) == ("second", "complete", False, None)
    assert other.nodes["FaceExampleGen"].state == "cached"
    examples = other.output("FaceExampleGen", "examples")
    assert examples == one.output("FaceExampleGen", "examples")
    assert examples
    assert examples.exists
    assert one.started <= one.ended <= other.ended
    assert second.model in {found.id for found in other.artifacts()}


def test_two_pipelines_on_one_store_do_not_see_each_other_even_with_equal_run_ids(pipeline: RecordedPipeline) -> None:
    other = RecordedPipeline(pipeline.root.with_name("others"), store_of=pipeline.root)
    ours, theirs = pipeline.run("same"), other.run("same", blessed=0)
    (run,) = PipelineMetadata(pipeline.root, "faces").runs
    (their_run,) = PipelineMetadata(pipeline.root, "others").runs
    assert (run.version, their_run.version) == (ours.version, None)
    assert theirs.model not in {found.id for found in run.artifacts()}
    assert ours.model not in {found.id for found in PipelineMetadata(pipeline.root, "others").artifacts}
    assert PipelineMetadata(pipeline.root, "third").runs == []


def test_a_retry_replaces_the_execution_that_failed(pipeline: RecordedPipeline) -> None:
    store = open_store(pipeline.root)
    contexts = {"pipeline": "faces", "pipeline_run": "one"}
    execution(store, "Trainer", contexts, {}, {}, mlmd.Execution.FAILED)
    assert PipelineMetadata(pipeline.root).run("one").state == "failed"
    execution(store, "Trainer", contexts, {}, {}, mlmd.Execution.COMPLETE)
    assert PipelineMetadata(pipeline.root).run("one").state == "complete"
    execution(store, "Pusher", contexts, {}, {}, mlmd.Execution.RUNNING)
    assert PipelineMetadata(pipeline.root).run("one").state == "running"


@pytest.mark.parametrize("exists", ["no", "empty"])
def test_a_pipeline_that_never_ran_has_no_runs(pipeline: RecordedPipeline, exists: str) -> None:
    pipeline.root.mkdir()
    if exists == "empty":
        (pipeline.root / "metadata.sqlite").touch()
    metadata = PipelineMetadata(pipeline.root)
    assert (metadata.runs, metadata.artifacts) == ([], [])
    with pytest.raises(VisageError, match="faces has no runs yet; run it first"):
        metadata.run(None)


def test_an_unknown_run_is_an_error_that_names_the_nearest(pipeline: RecordedPipeline) -> None:
    pipeline.run("20260101-101010")
    metadata = PipelineMetadata(pipeline.root)
    assert metadata.run(None).run_id == "20260101-101010"
    with pytest.raises(
        VisageError, match=r"^run 20260101-101011: faces has no such run; did you mean 20260101-101010\?"
    ):
        metadata.run("20260101-101011")


def test_a_locked_database_is_an_error_of_one_line(pipeline: RecordedPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.run("first")
    monkeypatch.setattr(store_module.check_usable, "__kwdefaults__", {"patience": 0.1})
    with (
        locked(pipeline.root / "metadata.sqlite", "EXCLUSIVE"),
        pytest.raises(VisageError, match="another process has locked it"),
    ):
        PipelineMetadata(pipeline.root)


def test_a_damaged_database_is_an_error_of_one_line(pipeline: RecordedPipeline) -> None:
    pipeline.root.mkdir()
    (pipeline.root / "metadata.sqlite").write_text("no database, but long enough to be taken for one" * 100)
    with pytest.raises(VisageError, match=r"metadata\.sqlite is damaged"):
        PipelineMetadata(pipeline.root)
