"""Queries of ML Metadata's lineage, without `filter_query`, which TFX 1.21 no longer has."""

from collections.abc import Iterable

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

_EVENT = metadata_store_pb2.Event
_INPUTS = (_EVENT.INPUT, _EVENT.DECLARED_INPUT)
_OUTPUTS = (_EVENT.OUTPUT, _EVENT.DECLARED_OUTPUT)
# Outputs of a resolver are internal.
_RESULTS = (_EVENT.OUTPUT, _EVENT.INTERNAL_OUTPUT)


def outputs_of(store: mlmd.MetadataStore, execution_id: int) -> dict[str, list[metadata_store_pb2.Artifact]]:
    """Returns the artifacts that an execution produced, by output name."""
    events = store.get_events_by_execution_ids([execution_id])
    keys = {event.artifact_id: event.path.steps[0].key for event in events if event.type in _RESULTS}
    outputs: dict[str, list[metadata_store_pb2.Artifact]] = {}
    for artifact in store.get_artifacts_by_id(list(keys)):
        outputs.setdefault(keys[artifact.id], []).append(artifact)
    return outputs


def inputs_of_producers(store: mlmd.MetadataStore, artifact_ids: Iterable[int]) -> dict[int, dict[str, list[int]]]:
    """Returns the inputs of the executions that produced the given artifacts.

    Args:
        store: ML Metadata.
        artifact_ids: the artifacts.

    Returns:
        By the id of each execution that has one of the artifacts as output, cached executions included, in the order
        of their start: artifact ids by input name.
    """
    artifact_ids = list(artifact_ids)
    if not artifact_ids:
        return {}
    events = store.get_events_by_artifact_ids(artifact_ids)
    producers = sorted({event.execution_id for event in events if event.type in _OUTPUTS})
    inputs: dict[int, dict[str, list[int]]] = {execution_id: {} for execution_id in producers}
    for event in store.get_events_by_execution_ids(producers) if producers else ():
        if event.type in _INPUTS:
            inputs[event.execution_id].setdefault(event.path.steps[0].key, []).append(event.artifact_id)
    return inputs


def artifacts_of_executions(
    store: mlmd.MetadataStore, execution_ids: Iterable[int]
) -> tuple[dict[int, dict[str, list[int]]], dict[int, dict[str, list[int]]]]:
    """Returns the inputs and the outputs of executions.

    Args:
        store: ML Metadata.
        execution_ids: the executions.

    Returns:
        Two dictionaries, of inputs and of outputs: by execution id, artifact ids by input or output name.
    """
    inputs: dict[int, dict[str, list[int]]] = {}
    outputs: dict[int, dict[str, list[int]]] = {}
    execution_ids = list(execution_ids)
    for event in store.get_events_by_execution_ids(execution_ids) if execution_ids else ():
        of_kind = inputs if event.type in _INPUTS else outputs if event.type in _RESULTS else None
        if of_kind is not None:
            keys = of_kind.setdefault(event.execution_id, {})
            keys.setdefault(event.path.steps[0].key, []).append(event.artifact_id)
    return inputs, outputs
