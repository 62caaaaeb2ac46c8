"""Reads ML Metadata: one pipeline's executions and artifacts, and nothing of others on the same store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.resolvers.lineage import artifacts_of_executions
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.records import ArtifactRecord, NodeExecution, Property, Run, State
from pipeline.metadata.sqlite import sqlite_connection
from pipeline.metadata.store import DATABASE, check_usable
from visage.errors import VisageError
from visage.names import did_you_mean

_EXECUTION = metadata_store_pb2.Execution
_ARTIFACT = metadata_store_pb2.Artifact
_STATES: dict[int, State] = {
    _EXECUTION.NEW: "running",
    _EXECUTION.RUNNING: "running",
    _EXECUTION.COMPLETE: "complete",
    _EXECUTION.CACHED: "cached",
    _EXECUTION.FAILED: "failed",
    _EXECUTION.CANCELED: "canceled",
}


class PipelineMetadata:
    """The records of one pipeline, as they are when they are first read.

    Contexts of the type `pipeline` tell pipelines apart: run ids need not differ between them.
    """

    def __init__(self, root: Path, pipeline: str | None = None) -> None:
        """Opens the store for reading.

        Args:
            root: folder of the pipeline; the store may be missing or empty, and then has no runs.
            pipeline: its name; None: that of the folder.

        Raises:
            VisageError: the store is damaged, or another process keeps it locked.
        """
        self.root = root
        self.pipeline = pipeline or root.name
        self.database = root / DATABASE
        self._store: MetadataStore | None = None
        # An empty file is left from a killed process.
        if self.database.is_file() and self.database.stat().st_size:
            check_usable(self.database, to_write=False)
            self._store = MetadataStore(sqlite_connection(self.database, "read"))

    @classmethod
    def of(cls, config: PipelineConfig) -> PipelineMetadata:
        """Opens the store of a configured pipeline; raises VisageError as the constructor does."""
        return cls(config.root, config.name)

    @property
    def store(self) -> MetadataStore | None:
        """Returns ML Metadata's own handle, which sees every pipeline; None: there is no store yet."""
        return self._store

    @cached_property
    def executions(self) -> list[NodeExecution]:
        """Returns every execution, in the order of their start."""
        store, context = self._store, self._context
        if store is None or context is None:
            return []
        executions = {execution.id: execution for execution in store.get_executions_by_context(context.id)}
        nodes = self._names("node", f"{self.pipeline}.", executions)
        runs = self._names("pipeline_run", "", executions)
        given, made = artifacts_of_executions(store, executions)
        records = {artifact.id: artifact for artifact in self.artifacts}
        found = []
        for number in sorted(executions):
            execution = executions[number]
            inputs, outputs = (
                {
                    key: tuple(records[artifact] for artifact in artifacts if artifact in records)
                    for key, artifacts in by_execution.get(number, {}).items()
                }
                for by_execution in (given, made)
            )
            found.append(
                NodeExecution(
                    id=number,
                    node=nodes.get(number, ""),
                    run_id=runs.get(number, ""),
                    state=_STATES.get(execution.last_known_state, "unknown"),
                    started=_time(execution.create_time_since_epoch),
                    ended=_time(execution.last_update_time_since_epoch),
                    properties=_properties(execution),
                    inputs=inputs,
                    outputs=outputs,
                )
            )
        return found

    @cached_property
    def artifacts(self) -> list[ArtifactRecord]:
        """Returns every artifact, in the order in which they were made."""
        if self._store is None or self._context is None:
            return []
        types = {kind.id: kind.name for kind in self._store.get_artifact_types()}
        artifacts = self._store.get_artifacts_by_context(self._context.id)
        return [
            ArtifactRecord(
                id=artifact.id,
                type=types[artifact.type_id],
                uri=Path(artifact.uri),
                properties=_properties(artifact),
                # Artifacts of older versions of ML Metadata have no state.
                live=artifact.state in (_ARTIFACT.UNKNOWN, _ARTIFACT.LIVE),
            )
            for artifact in sorted(artifacts, key=lambda artifact: artifact.id)
        ]

    @cached_property
    def runs(self) -> list[Run]:
        """Returns every run, the newest last, in the order of their records: clocks may be set back."""
        of_runs: dict[str, dict[str, NodeExecution]] = {}
        for execution in self.executions:
            if execution.run_id and execution.node:
                # A retry replaces the execution before it.
                of_runs.setdefault(execution.run_id, {}).pop(execution.node, None)
                of_runs[execution.run_id][execution.node] = execution
        return [Run(run_id, nodes) for run_id, nodes in of_runs.items()]

    def run(self, run_id: str | None) -> Run:
        """Returns the run of this id; None: the newest.

        Raises:
            VisageError: there is no run of this id.
        """
        known = [run.run_id for run in self.runs]
        if not known:
            raise VisageError(f"{self.root}: {self.pipeline} has no runs yet; run it first (visage run)")
        for run in reversed(self.runs):
            if run_id in (None, run.run_id):
                return run
        fix = did_you_mean(run_id or "", known[::-1]) or "visage runs list shows them"
        raise VisageError(f"run {run_id}: {self.pipeline} has no such run; {fix}")

    def outputs_of_type(self, kind: str) -> list[tuple[NodeExecution, ArtifactRecord]]:
        """Returns each artifact of a type with the execution that made it, not one that took it from the cache."""
        made: dict[int, tuple[NodeExecution, ArtifactRecord]] = {}
        for execution in self.executions:
            for artifacts in execution.outputs.values():
                for artifact in artifacts:
                    if artifact.type == kind:
                        made.setdefault(artifact.id, (execution, artifact))
        return [made[number] for number in sorted(made)]

    def producer(self, artifact: ArtifactRecord) -> NodeExecution | None:
        """Returns the execution that made an artifact; None: it is not recorded."""
        return next((execution for execution, made in self.outputs_of_type(artifact.type) if made == artifact), None)

    def artifact_protos(self, kind: str) -> list[metadata_store_pb2.Artifact]:
        """Returns the usable artifacts of a type as ML Metadata's own messages, for TFX."""
        if self._store is None or self._context is None:
            return []
        numbers = [artifact.id for artifact in self.artifacts if artifact.type == kind and artifact.live]
        return list(self._store.get_artifacts_by_id(numbers)) if numbers else []

    @cached_property
    def _context(self) -> metadata_store_pb2.Context | None:
        return self._store.get_context_by_type_and_name("pipeline", self.pipeline) if self._store else None

    def _names(self, kind: str, prefix: str, executions: Iterable[int]) -> dict[int, str]:
        """Returns the name of the context of each execution, without its prefix."""
        assert self._store is not None
        ours, names = set(executions), {}
        for context in self._store.get_contexts_by_type(kind):
            if context.name.startswith(prefix):
                for execution in self._store.get_executions_by_context(context.id):
                    if execution.id in ours:
                        names[execution.id] = context.name.removeprefix(prefix)
        return names


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def _properties(
    item: metadata_store_pb2.Execution | metadata_store_pb2.Artifact,
) -> dict[str, Property]:
    values = {**item.properties, **item.custom_properties}
    # Resolvers and statistics have values of other kinds, which nothing here needs.
    kinds = ("string_value", "int_value", "double_value", "bool_value")
    return {
        name: getattr(value, kind) for name, value in values.items() if (kind := value.WhichOneof("value")) in kinds
    }
