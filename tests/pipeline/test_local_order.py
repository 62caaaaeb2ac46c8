"""The order of the nodes of a run, and the effect of a failed node."""

import io
from pathlib import Path

import pytest
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto.orchestration import pipeline_pb2

from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline, node_ids, upstream_ids
from pipeline.output.console import Reporter
from pipeline.runners.local import run_nodes
from pipeline.runners.sequence import is_needed
from pipeline.stages import run_order
from tests.helpers.project import PROJECT
from tests.pipeline.toy_components import Left, Right, Source
from visage.errors import VisageError


@pytest.fixture(scope="module")
def ir(tmp_path_factory: pytest.TempPathFactory) -> pipeline_pb2.Pipeline:
    workspace = tmp_path_factory.mktemp("workspace")
    return compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={workspace}"]))


def test_the_push_does_not_wait_for_the_model_card(ir: pipeline_pb2.Pipeline) -> None:
    assert run_order(node_ids(ir))[-2:] == ["Pusher", "ModelCard"]
    # Schedulers start a node when these have ended.
    assert set(upstream_ids(ir, "Pusher")) == {"Trainer", "Evaluator", "InfraValidator"}
    assert "Pusher" not in upstream_ids(ir, "ModelCard")


def test_each_node_still_runs_after_those_that_it_needs(ir: pipeline_pb2.Pipeline) -> None:
    order = run_order(node_ids(ir))
    assert sorted(order) == sorted(node_ids(ir))
    for node in order:
        assert all(order.index(needed) < order.index(node) for needed in upstream_ids(ir, node))


def test_only_pusher_and_model_card_are_needed_by_no_node(ir: pipeline_pb2.Pipeline) -> None:
    assert [node for node in run_order(node_ids(ir)) if not is_needed(ir, node)] == ["Pusher", "ModelCard"]


def toy(folder: Path, fails: str) -> pipeline_pb2.Pipeline:
    source = Source(fails=fails)
    ends = [end(source=source.outputs["text"], fails=fails) for end in (Left, Right)]
    return Compiler().compile(
        Pipeline(
            pipeline_name="toy",
            pipeline_root=str(folder / "artifacts"),
            metadata_connection_config=sqlite_metadata_connection_config(str(folder / "metadata.sqlite")),
            components=[source, *ends],
        )
    )


@pytest.mark.parametrize(("fails", "succeeds"), [("Left", "Right"), ("Right", "Left")])
def test_a_failed_node_that_no_other_needs_does_not_stop_the_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], fails: str, succeeds: str
) -> None:
    shown = io.StringIO()
    ended = run_nodes(toy(tmp_path, fails), "1", Reporter(shown))
    assert set(ended.nodes) == set(ended.seconds) == {"Source", succeeds}
    assert {node: str(error) for node, error in ended.failed.items()} == {fails: f"{fails} fails for the [test]"}
    assert f"✗ {fails}" in shown.getvalue()
    assert f"failed: {fails} fails for the [test]" in shown.getvalue()
    assert "Traceback" in capfd.readouterr().err


def test_a_failed_node_that_others_need_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match="Source fails for"):
        run_nodes(toy(tmp_path, "Source"), "1", Reporter(io.StringIO()))
    assert not list((tmp_path / "artifacts").glob("Left/text/*"))
