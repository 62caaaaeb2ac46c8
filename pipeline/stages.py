"""Groups the nodes of the pipeline into the tasks of a scheduler.

A task is one process: `visage node NODE...` imports TFX once for all of its nodes.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

Grouping = Literal["stages", "nodes"]

STAGES: Mapping[str, tuple[str, ...]] = {
    "data": (
        "FaceExampleGen",
        "CuratedSchema",
        "StatisticsGen",
        "ValidatedStatisticsResolver",
        "ExampleValidator",
    ),
    "train": ("WarmStartModelResolver", "Tuner", "Trainer"),
    "judge": ("BlessedModelResolver", "Evaluator", "InfraValidator"),
    "push": ("Pusher", "ModelCard"),
}
"""The nodes of each stage; a pipeline leaves out those that its configuration does not need."""

RUNS_LAST = "ModelCard"
"""The push does not wait for the model card."""


def run_order(node_ids: Sequence[str]) -> list[str]:
    """Returns nodes in the order in which one process runs them.

    Args:
        node_ids: each after those that it needs.
    """
    return sorted(node_ids, key=lambda node: node == RUNS_LAST)


def tasks_of(node_ids: Sequence[str], grouping: Grouping) -> dict[str, list[str]]:
    """Returns the tasks of a scheduler with their nodes, both in the order of the pipeline.

    Args:
        node_ids: of the compiled pipeline, each after those that it needs.
        grouping: 'stages': a task for each stage that has a node; 'nodes': a task for each node, of the same name.

    >>> tasks_of(["FaceExampleGen", "Trainer", "Pusher"], "stages")
    {'data': ['FaceExampleGen'], 'train': ['Trainer'], 'push': ['Pusher']}
    """
    stage_of = {node: stage for stage, nodes in STAGES.items() for node in nodes} if grouping == "stages" else {}
    tasks: dict[str, list[str]] = {}
    for node in run_order(node_ids):
        tasks.setdefault(stage_of.get(node, node), []).append(node)
    return tasks


def upstream_of(tasks: Mapping[str, Sequence[str]], needed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Returns the tasks that must end before each task starts, in the order of the pipeline.

    Args:
        tasks: of `tasks_of`.
        needed: by node, those that must end before it starts.

    >>> tasks = {"data": ["FaceExampleGen"], "train": ["Tuner", "Trainer"]}
    >>> upstream_of(tasks, {"FaceExampleGen": [], "Tuner": ["FaceExampleGen"], "Trainer": ["FaceExampleGen", "Tuner"]})
    {'data': [], 'train': ['data']}
    """
    task_of = {node: task for task, nodes in tasks.items() for node in nodes}
    found = {task: {task_of[one] for node in nodes for one in needed[node]} - {task} for task, nodes in tasks.items()}
    return {task: [other for other in tasks if other in found[task]] for task in tasks}
