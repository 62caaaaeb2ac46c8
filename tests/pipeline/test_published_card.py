"""The card of a run beside the version that it pushed, whichever of the two nodes ends last."""

import sys
from pathlib import Path

import pytest
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.proto.orchestration import pipeline_pb2

from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline
from pipeline.output.console import Reporter
from pipeline.published_card import publish_card, publish_card_or_warn
from tests.helpers.project import PROJECT

NAME = "sample-portraits"


@pytest.fixture
def ir(tmp_path: Path) -> pipeline_pb2.Pipeline:
    return compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [f"workspace={tmp_path}"]))


@pytest.fixture
def store(tmp_path: Path) -> MetadataStore:
    (tmp_path / NAME).mkdir()
    connection = mlmd.ConnectionConfig()
    connection.sqlite.filename_uri = str(tmp_path / NAME / "metadata.sqlite")
    return MetadataStore(connection)


def record(
    store: MetadataStore,
    node: str,
    run_id: str,
    output: str,
    uri: Path,
    *,
    state: int = mlmd.Execution.COMPLETE,
    **properties: str | int,
) -> None:
    """Records an execution of a node as TFX does."""
    artifact = mlmd.Artifact(type_id=store.put_artifact_type(mlmd.ArtifactType(name=output)), uri=str(uri))
    for name, value in properties.items():
        setattr(artifact.custom_properties[name], "int_value" if isinstance(value, int) else "string_value", value)
    (artifact_id,) = store.put_artifacts([artifact])
    type_id = store.put_execution_type(mlmd.ExecutionType(name=node))
    (execution,) = store.put_executions([mlmd.Execution(type_id=type_id, last_known_state=state)])
    event = mlmd.Event(artifact_id=artifact_id, execution_id=execution, type=mlmd.Event.OUTPUT)
    event.path.steps.add().key = output
    store.put_events([event])
    for kind, name in (("pipeline", NAME), ("pipeline_run", run_id), ("node", f"{NAME}.{node}")):
        found = store.get_context_by_type_and_name(kind, name)
        context_type = store.put_context_type(mlmd.ContextType(name=kind))
        context = found.id if found else store.put_contexts([mlmd.Context(type_id=context_type, name=name)])[0]
        store.put_attributions_and_associations(
            [mlmd.Attribution(context_id=context, artifact_id=artifact_id)],
            [mlmd.Association(context_id=context, execution_id=execution)],
        )


def push(store: MetadataStore, run_id: str, version: Path, pushed: int = 1) -> None:
    version.mkdir(parents=True, exist_ok=True)
    record(store, "Pusher", run_id, "pushed_model", version, pushed=pushed, pushed_destination=str(version))


def card(store: MetadataStore, run_id: str, folder: Path, state: int = mlmd.Execution.COMPLETE) -> None:
    folder.mkdir()
    for name in ("model_card.html", "model_card.json"):
        (folder / name).write_text(run_id)
    record(store, "ModelCard", run_id, "model_card", folder, state=state)


def test_the_card_is_placed_once_the_run_has_both(
    ir: pipeline_pb2.Pipeline, store: MetadataStore, tmp_path: Path
) -> None:
    version = tmp_path / "serving" / "7"
    card(store, "first", tmp_path / "card")
    assert publish_card(ir, "first") is None
    push(store, "first", version)
    page = publish_card(ir, "first")
    assert page == tmp_path / "serving" / "model_cards" / "7.html"
    assert page.read_text() == "first"


def test_a_model_that_is_not_pushed_has_no_copy(
    ir: pipeline_pb2.Pipeline, store: MetadataStore, tmp_path: Path
) -> None:
    card(store, "first", tmp_path / "card")
    push(store, "first", tmp_path / "serving" / "7", pushed=0)
    assert publish_card(ir, "first") is None
    assert not (tmp_path / "serving" / "model_cards").exists()


def test_a_card_that_failed_is_not_copied_and_a_cached_one_is(
    ir: pipeline_pb2.Pipeline, store: MetadataStore, tmp_path: Path
) -> None:
    push(store, "first", tmp_path / "serving" / "7")
    card(store, "first", tmp_path / "failed", state=mlmd.Execution.FAILED)
    assert publish_card(ir, "first") is None
    card(store, "first", tmp_path / "cached", state=mlmd.Execution.CACHED)
    assert publish_card(ir, "first") is not None


def test_a_copy_that_fails_is_a_warning(
    ir: pipeline_pb2.Pipeline, store: MetadataStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card(store, "first", tmp_path / "card")
    push(store, "first", tmp_path / "serving" / "7")
    (tmp_path / "serving" / "model_cards").write_text("in the way")
    publish_card_or_warn(ir, "first", Reporter(sys.stdout))
    assert "the model card is not beside the pushed version: " in " ".join(capsys.readouterr().out.split())
