"""The tasks of a scheduler hold every node of the pipeline, in an order in which each finds its inputs."""

import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline, in_order, node_ids, upstream_ids
from pipeline.stages import STAGES, tasks_of, upstream_of
from tests.helpers.project import PROJECT
from visage.errors import VisageError

# With every node that a configuration can ask for.
EVERY_NODE = ["trainer.weights=blessed", "tuner.search={trainer.batch_size: [32, 64]}"]


@pytest.fixture(scope="module")
def ir(tmp_path_factory: pytest.TempPathFactory) -> pipeline_pb2.Pipeline:
    workspace = f"workspace={tmp_path_factory.mktemp('workspace')}"
    return compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [workspace, *EVERY_NODE]))


def needed(ir: pipeline_pb2.Pipeline) -> dict[str, list[str]]:
    return {node: upstream_ids(ir, node) for node in node_ids(ir)}


def test_each_node_of_the_pipeline_is_in_one_stage(ir: pipeline_pb2.Pipeline) -> None:
    nodes = [node for stage in STAGES.values() for node in stage]
    assert sorted(nodes) == sorted(node_ids(ir))


def test_the_stages_run_one_after_another(ir: pipeline_pb2.Pipeline) -> None:
    tasks = tasks_of(node_ids(ir), "stages")
    assert list(tasks) == list(STAGES)
    assert upstream_of(tasks, needed(ir)) == {
        "data": [],
        "train": ["data"],
        "judge": ["data", "train"],
        "push": ["data", "train", "judge"],
    }


@pytest.mark.parametrize("grouping", ["stages", "nodes"])
def test_each_node_finds_what_it_needs_in_its_task_or_in_one_before(ir: pipeline_pb2.Pipeline, grouping: str) -> None:
    tasks = tasks_of(node_ids(ir), grouping)  # type: ignore[arg-type]
    upstream = upstream_of(tasks, needed(ir))
    for task, nodes in tasks.items():
        for number, node in enumerate(nodes):
            before = {*nodes[:number], *(one for other in upstream[task] for one in tasks[other])}
            assert set(upstream_ids(ir, node)) <= before


def test_nodes_that_the_configuration_leaves_out_are_in_no_task() -> None:
    assert tasks_of(["FaceExampleGen", "Trainer", "Evaluator"], "stages") == {
        "data": ["FaceExampleGen"],
        "train": ["Trainer"],
        "judge": ["Evaluator"],
    }


def test_nodes_run_in_the_order_of_the_pipeline_whatever_the_order_given(ir: pipeline_pb2.Pipeline) -> None:
    assert in_order(ir, ["ModelCard", "Pusher", "FaceExampleGen", "Pusher"]) == [
        "FaceExampleGen",
        "Pusher",
        "ModelCard",
    ]
    with pytest.raises(VisageError, match="Pushr: no such node"):
        in_order(ir, ["FaceExampleGen", "Pushr"])
