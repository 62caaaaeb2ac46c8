"""Reads the result of a node that TFX's launcher has just run."""

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from components.resolvers.lineage import outputs_of
from pipeline.metadata.resources import PROPERTY as USE
from pipeline.results import NodeResult, Output
from visage.resource_use import ResourceUse


def read_result(handle: metadata.Metadata, node: str, execution_id: int) -> NodeResult | None:
    """Returns the result of an execution; None: it did not succeed."""
    (execution,) = handle.store.get_executions_by_id([execution_id])
    states = metadata_store_pb2.Execution
    if execution.last_known_state not in (states.COMPLETE, states.CACHED):
        return None
    outputs = {
        key: tuple(Output(artifact.uri, _properties(artifact)) for artifact in artifacts)
        for key, artifacts in outputs_of(handle.store, execution_id).items()
    }
    use = ResourceUse.from_text(execution.custom_properties[USE].string_value)
    return NodeResult(node, execution.last_known_state == states.CACHED, outputs, execution_id, use)


def _properties(artifact: metadata_store_pb2.Artifact) -> dict[str, str | int | float]:
    return {name: getattr(value, value.WhichOneof("value")) for name, value in artifact.custom_properties.items()}
