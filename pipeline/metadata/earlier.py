"""Finds what a run has already recorded of a node, for a node that a scheduler starts again."""

from collections.abc import Mapping

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

_EXECUTION = metadata_store_pb2.Execution
_SUCCEEDED = (_EXECUTION.COMPLETE, _EXECUTION.CACHED)


def earlier_execution(
    handle: metadata.Metadata, pipeline: str, run_id: str, node: str
) -> metadata_store_pb2.Execution | None:
    """Returns the last execution of a node in a run, a succeeded one before others; None: it has not run.

    Args:
        handle: the open store, which may hold other pipelines, too.
        pipeline: its name.
        run_id: of the run.
        node: its name.
    """
    store = handle.store
    contexts = {
        kind: store.get_context_by_type_and_name(kind, name)
        for kind, name in (
            ("pipeline_run", run_id),
            ("node", f"{pipeline}.{node}"),
        )
    }
    if any(context is None for context in contexts.values()):
        return None
    # The run's are few; the node's grow with the history.
    found = [
        execution
        for execution in store.get_executions_by_context(contexts["pipeline_run"].id)
        if contexts["node"].id in {context.id for context in store.get_contexts_by_execution(execution.id)}
    ]
    return max(found, key=lambda one: (succeeded(one), one.id), default=None)


def succeeded(execution: metadata_store_pb2.Execution) -> bool:
    """Returns whether an execution has its outputs, made or taken from the cache."""
    return execution.last_known_state in _SUCCEEDED


def begin_again(
    handle: metadata.Metadata, execution: metadata_store_pb2.Execution, properties: Mapping[str, str]
) -> None:
    """Records that an execution which did not succeed runs again, and the texts that it is started with now.

    TFX goes on with the execution as it is: failed, with the texts of the first attempt.
    """
    again = metadata_store_pb2.Execution()
    again.CopyFrom(execution)
    again.last_known_state = _EXECUTION.RUNNING
    for name, text in properties.items():
        again.custom_properties[name].string_value = text
    handle.store.put_executions([again])


def restore(handle: metadata.Metadata, execution: metadata_store_pb2.Execution) -> None:
    """Records an execution as it was before `begin_again`."""
    handle.store.put_executions([execution])
