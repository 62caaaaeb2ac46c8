"""Writes the metadata of a push, as TFX does."""

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd


def record_push(pipeline: Path, version: str, examples: Path, model_uri: str = "") -> None:
    """Records a training on `examples` of a model in `model_uri`, and that it was pushed as `version`."""
    connection = mlmd.ConnectionConfig()
    connection.sqlite.filename_uri = str(pipeline / "metadata.sqlite")
    store = MetadataStore(connection)
    given = _artifact(store, "Examples", uri=str(examples))
    model = _artifact(store, "Model", uri=model_uri)
    pushed = _artifact(store, "PushedModel", pushed_version=version, pushed=1)
    _execution(store, "Trainer", ("examples", given), ("model", model))
    _execution(store, "Pusher", ("model", model), ("pushed_model", pushed))


def _artifact(store: MetadataStore, kind: str, uri: str = "", **properties: str | int) -> int:
    artifact = mlmd.Artifact(type_id=store.put_artifact_type(mlmd.ArtifactType(name=kind)), uri=uri)
    for name, value in properties.items():
        setattr(artifact.custom_properties[name], "int_value" if isinstance(value, int) else "string_value", value)
    return store.put_artifacts([artifact])[0]


def _execution(store: MetadataStore, kind: str, given: tuple[str, int], made: tuple[str, int]) -> None:
    type_id = store.put_execution_type(mlmd.ExecutionType(name=kind))
    (execution,) = store.put_executions([mlmd.Execution(type_id=type_id)])
    for (name, artifact), role in ((given, mlmd.Event.INPUT), (made, mlmd.Event.OUTPUT)):
        event = mlmd.Event(artifact_id=artifact, execution_id=execution, type=role)
        event.path.steps.add().key = name
        store.put_events([event])
