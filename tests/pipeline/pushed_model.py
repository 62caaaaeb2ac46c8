"""Writes the metadata of a push, as TFX does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.metadata.location import StoreLocation
from pipeline.metadata.server_store import open_server


def record_push(pipeline: Path, version: str, examples: Path, model_uri: str = "", run_id: str = "") -> None:
    """Records a training on `examples` of a model in `model_uri`, and that it was pushed as `version`.

    Args:
        pipeline: its folder, whose name is that of the pipeline.
        version: below `serving/visage` of that folder.
        examples: their folder.
        model_uri: the folder of the model.
        run_id: of the run; '': "run VERSION".
    """
    contexts = {"pipeline": pipeline.name, "pipeline_run": run_id or f"run {version}"}
    store = open_store(pipeline)
    destination = str(pipeline / "serving" / "visage" / version)
    made = {"examples": artifact(store, "Examples", str(examples))}
    _, given = execution(store, "FaceExampleGen", contexts, {}, made)
    _, model = execution(store, "Trainer", contexts, given, {"model": artifact(store, "Model", model_uri)})
    pushed = artifact(store, "PushedModel", pushed=1, pushed_version=version, pushed_destination=destination)
    execution(store, "Pusher", contexts, model, {"pushed_model": pushed})


def open_store(pipeline: Path) -> MetadataStore:
    """Opens the store of a pipeline for writing, on the server that its folder names if there is one."""
    pipeline.mkdir(parents=True, exist_ok=True)
    location = StoreLocation.found(pipeline)
    if not location.is_file:
        return open_server(location.address())
    connection = mlmd.ConnectionConfig()
    connection.sqlite.filename_uri = str(pipeline / "metadata.sqlite")
    return MetadataStore(connection)


def artifact(store: MetadataStore, kind: str, uri: str = "", **properties: str | int) -> mlmd.Artifact:
    """Makes a usable artifact, which `execution` records."""
    type_id = store.put_artifact_type(mlmd.ArtifactType(name=kind))
    made = mlmd.Artifact(type_id=type_id, uri=uri, state=mlmd.Artifact.LIVE)
    _put(made.custom_properties, properties)
    return made


def execution(
    store: MetadataStore,
    node: str,
    contexts: Mapping[str, str],
    given: Mapping[str, int],
    made: Mapping[str, mlmd.Artifact | int],
    state: int = mlmd.Execution.COMPLETE,
    **properties: str | int,
) -> tuple[int, dict[str, int]]:
    """Records an execution of a node, in one transaction, because each waits for the disk.

    Args:
        store: of the pipeline.
        node: its name.
        contexts: names of the contexts `pipeline` and `pipeline_run`.
        given: ids of its inputs.
        made: its outputs; the id of one that it took from the cache.
        state: how it ended.
        **properties: of the execution.

    Returns:
        The id of the execution, and those of its outputs.
    """
    one = mlmd.Execution(type_id=store.put_execution_type(mlmd.ExecutionType(name=node)), last_known_state=state)
    _put(one.custom_properties, properties)
    pairs = [_pair(mlmd.Event.INPUT, name, *store.get_artifacts_by_id([of])) for name, of in given.items()]
    for name, of in made.items():
        output = store.get_artifacts_by_id([of])[0] if isinstance(of, int) else of
        pairs.append(_pair(mlmd.Event.OUTPUT, name, output))
    names = {**contexts, "node": f"{contexts['pipeline']}.{node}"}
    number, artifacts, _ = store.put_execution(
        one, pairs, [_context(store, kind, name) for kind, name in names.items()], reuse_context_if_already_exist=True
    )
    return number, dict(zip(made, artifacts[len(given) :], strict=True))


def _pair(role: int, name: str, one: mlmd.Artifact) -> tuple[mlmd.Artifact, mlmd.Event]:
    event = mlmd.Event(type=role)
    event.path.steps.add().key = name
    return one, event


def _context(store: MetadataStore, kind: str, name: str) -> mlmd.Context:
    found = store.get_context_by_type_and_name(kind, name)
    return found or mlmd.Context(type_id=store.put_context_type(mlmd.ContextType(name=kind)), name=name)


def _put(values: Any, properties: Mapping[str, str | int]) -> None:
    for name, value in properties.items():
        setattr(values[name], "int_value" if isinstance(value, int) else "string_value", value)
