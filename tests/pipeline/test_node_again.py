"""A scheduler may start a node twice, or after its run was removed: nothing is made twice, and errors are one line."""

import shutil
import threading
import time
from pathlib import Path

import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline import node
from pipeline.config.loader import load_config
from pipeline.metadata.prune import plan_prune
from pipeline.metadata.reader import PipelineMetadata
from pipeline.node import run_node
from pipeline.run_lock import LOCKS
from tests.helpers.project import PROJECT
from tests.pipeline.toy_pipeline import counted
from visage.errors import VisageError


@pytest.fixture
def ir(tmp_path: Path) -> pipeline_pb2.Pipeline:
    return counted(tmp_path)


def starts(folder: Path) -> int:
    return len((folder / "counter").read_text().splitlines())


def test_a_node_that_is_started_twice_at_once_runs_once(ir: pipeline_pb2.Pipeline, tmp_path: Path) -> None:
    results = []
    both = [threading.Thread(target=lambda: results.append(run_node(ir, "Counted", "1"))) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert starts(tmp_path) == 1
    assert results[0] == results[1]
    assert list((tmp_path / LOCKS).iterdir()) == []


def test_a_node_that_succeeded_in_its_run_is_not_run_again(ir: pipeline_pb2.Pipeline, tmp_path: Path) -> None:
    first = run_node(ir, "Counted", "1")
    assert run_node(ir, "Counted", "1") == first
    # In another run it comes from the cache.
    cached = run_node(ir, "Counted", "2")
    assert (cached.cached, cached.outputs) == (True, first.outputs)
    assert run_node(ir, "Counted", "2") == cached
    assert starts(tmp_path) == 1
    executions = PipelineMetadata(tmp_path, "toy").executions
    assert [(one.run_id, one.state) for one in executions] == [("1", "complete"), ("2", "cached")]


def test_a_retry_goes_on_with_the_failed_execution_and_records_the_code_of_the_retry(
    ir: pipeline_pb2.Pipeline, tmp_path: Path
) -> None:
    failing = tmp_path / "counter.fails"
    failing.touch()
    parameters = ir.nodes[0].pipeline_node.parameters.parameters
    parameters["code"].field_value.string_value = "a=1"
    with pytest.raises(VisageError, match="Counted fails"):
        run_node(ir, "Counted", "1")
    failing.unlink()
    parameters["code"].field_value.string_value = "a=2"
    run_node(ir, "Counted", "1")
    (execution,) = PipelineMetadata(tmp_path, "toy").executions
    assert (execution.state, execution.properties["code"]) == ("complete", "a=2")


def test_a_retry_is_recorded_as_running_and_prune_leaves_its_outputs_alone(
    ir: pipeline_pb2.Pipeline, tmp_path: Path
) -> None:
    failing, waiting, half = (tmp_path / f"counter.{name}" for name in ("fails", "waits", "half"))
    failing.touch()
    with pytest.raises(VisageError, match="Counted fails"):
        run_node(ir, "Counted", "1")
    failing.unlink()
    waiting.touch()
    retry = threading.Thread(target=run_node, args=(ir, "Counted", "1"))
    retry.start()
    try:
        while not half.exists():
            time.sleep(0.01)
        metadata = PipelineMetadata(tmp_path, "toy")
        assert [one.state for one in metadata.executions] == ["running"]
        assert list((tmp_path / "artifacts" / "Counted" / "text" / "1").iterdir())
        config = load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}"])
        assert plan_prune(metadata, config, keep=1).removals == ()
    finally:
        waiting.unlink()
        retry.join()
    assert [one.state for one in PipelineMetadata(tmp_path, "toy").executions] == ["complete"]


def test_a_retry_that_cannot_begin_leaves_the_execution_as_it_was(
    ir: pipeline_pb2.Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "counter.fails"
    failing.touch()
    with pytest.raises(VisageError, match="Counted fails"):
        run_node(ir, "Counted", "1")
    # Launcher returns None where inputs that the first attempt had are gone.
    monkeypatch.setattr(node.Launcher, "launch", lambda launcher: None)
    with pytest.raises(VisageError, match="its inputs are missing"):
        run_node(ir, "Counted", "1")
    assert [one.state for one in PipelineMetadata(tmp_path, "toy").executions] == ["failed"]


def test_a_run_whose_artifacts_were_removed_ends_with_one_line(ir: pipeline_pb2.Pipeline, tmp_path: Path) -> None:
    made = run_node(ir, "Counted", "1").output("text").uri
    shutil.rmtree(tmp_path / "artifacts" / "Counted")
    line = rf"^{{}}: {made} was removed, so run 1 cannot go on; start a new run$"
    with pytest.raises(VisageError, match=line.format("Reader")):
        run_node(ir, "Reader", "1")
    with pytest.raises(VisageError, match=line.format("Counted")):
        run_node(ir, "Counted", "1")
    # A new run takes nothing from the cache that is gone.
    assert not run_node(ir, "Counted", "2").cached
    assert not run_node(ir, "Reader", "2").cached


def test_a_run_whose_metadata_was_removed_ends_with_one_line(ir: pipeline_pb2.Pipeline, tmp_path: Path) -> None:
    run_node(ir, "Counted", "1")
    (tmp_path / "metadata.sqlite").unlink()
    with pytest.raises(VisageError, match=r"^Reader: its inputs are missing; run Counted first with --run-id 1$"):
        run_node(ir, "Reader", "1")
