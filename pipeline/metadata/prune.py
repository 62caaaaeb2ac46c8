"""Removes the large artifacts of old runs from disk.

An artifact is first marked as deleted in ML Metadata, so that no cache and no resolver returns it, and then its files
are removed. A call that is killed between the two is completed by the next.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from pipeline.config.schema import PipelineConfig
from pipeline.metadata.lineage import pushed_versions
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.opened import open_store
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import SUCCEEDED, ArtifactRecord, NodeExecution, Run
from pipeline.metadata.workspace import workspace_trainings
from pipeline.run_lock import node_lock
from visage.errors import VisageError
from visage.lock import is_locked

# What takes space. Reports, evaluations and model cards stay as evidence.
LARGE = ("Examples", "ExampleStatistics", "Model", "ModelRun", "PushedModel")
# A killed run is left as running for ever. A node that runs for longer holds its lock, if this machine runs it.
_ACTIVE = timedelta(days=1)


@dataclass(frozen=True)
class Removal:
    """One folder to remove.

    Attributes:
        path: the folder.
        what: the type of the artifact, or 'remnant' of an execution that failed or was killed.
        bytes: size of its files.
        artifact: its id in ML Metadata; None: it has none that is usable.
    """

    path: Path
    what: str
    bytes: int
    artifact: int | None


@dataclass(frozen=True)
class PrunePlan:
    """What prune removes.

    Attributes:
        removals: the folders to remove, all of them below the pipeline's own `artifacts`.
        kept: the runs to keep, with the reasons.
        moved_from: folders of pipelines that the metadata name and that are not this one: it is a copy, or was moved.
            Nothing in them is removed.
    """

    removals: tuple[Removal, ...]
    kept: dict[str, tuple[str, ...]]
    moved_from: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int:
        """Returns the size of all files to remove."""
        return sum(removal.bytes for removal in self.removals)


def plan_prune(metadata: PipelineMetadata, config: PipelineConfig, keep: int) -> PrunePlan:
    """Returns what can be removed; changes nothing.

    Kept are all artifacts that a kept run read or wrote. A run is kept if it is one of the newest, its model is blessed
    or pushed, it may be active, or the next run compares its data with those of this run. Also kept are the artifacts
    that the configuration or a training of this workspace names.

    Args:
        metadata: of the pipeline.
        config: of the pipeline.
        keep: number of the newest runs to keep, at least 1.

    Raises:
        VisageError: the metadata of a pipeline of the workspace are damaged or locked.
    """
    kept = _kept_runs(metadata, keep)
    in_use = {artifact.id for run in metadata.runs if run.run_id in kept for artifact in run.artifacts()}
    named = _named_paths(config)
    # Only what the pipeline itself wrote.
    artifacts = (metadata.root / "artifacts").resolve()
    large = [artifact for artifact in metadata.artifacts if artifact.type in LARGE]
    removals = [
        Removal(artifact.uri, artifact.type, size, artifact.id if artifact.live else None)
        for artifact in large
        if artifact.id not in in_use
        and artifact.uri.resolve().is_relative_to(artifacts)
        and (size := _size(artifact.uri))
        and not any(_overlap(artifact.uri, path) for path in named)
    ]
    return PrunePlan((*removals, *_remnants(metadata, artifacts)), kept, _other_roots(large, artifacts))


def remove(metadata: PipelineMetadata, plan: PrunePlan) -> None:
    """Removes what `plan_prune` found; the caller holds the pipeline's lock.

    Raises:
        VisageError: the metadata cannot be written, or a folder cannot be removed.
    """
    _mark_deleted(metadata.location, [removal.artifact for removal in plan.removals if removal.artifact is not None])
    for removal in plan.removals:
        try:
            shutil.rmtree(removal.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise VisageError(
                f"{error.filename}: cannot be removed ({error.strerror}); change its permissions and prune again"
            ) from error


def _kept_runs(metadata: PipelineMetadata, keep: int) -> dict[str, tuple[str, ...]]:
    """Returns the reasons for each run that is kept."""
    runs = metadata.runs
    newest = {run.run_id for run in runs[-max(keep, 1) :]}
    last_valid = next((run.run_id for run in reversed(runs) if _passed_validation(run)), None)
    pushed = {one.model.id for one in pushed_versions(metadata) if one.model and one.place != "removed"}
    kept = {}
    for run in runs:
        model = run.output("Trainer", "model")
        reasons = {
            "newest": run.run_id in newest,
            "blessed": run.blessed,
            "pushed": model is not None and model.id in pushed,
            "last valid data": run.run_id == last_valid,
            "active": any(_may_be_active(metadata, node) for node in run.nodes.values()),
        }
        if any(reasons.values()):
            kept[run.run_id] = tuple(reason for reason, holds in reasons.items() if holds)
    return kept


def _may_be_active(metadata: PipelineMetadata, node: NodeExecution) -> bool:
    """Returns whether a process may be running a node, as a first attempt or a retry."""
    # The last change, because a retry goes on with the execution of the first attempt, however old that is.
    if node.state == "running" and datetime.now(timezone.utc) - node.ended < _ACTIVE:
        return True
    return node.state not in SUCCEEDED and is_locked(node_lock(metadata.root, node.run_id, node.node))


def _passed_validation(run: Run) -> bool:
    return "ExampleValidator" in run.nodes and run.nodes["ExampleValidator"].state in SUCCEEDED


def _named_paths(config: PipelineConfig) -> list[Path]:
    """Returns the paths of models that a later run or another pipeline reads."""
    trainer = config.trainer
    names = [getattr(config.evaluator, "reference", None), trainer.distillation.teacher, *_sources(trainer.weights)]
    for known in workspace_trainings(config.root.parent):
        names += [known.training.teacher, *_sources(known.training.settings.get("weights"))]
    # Words such as 'dlib' are no paths, and name nothing below the artifacts.
    return [Path(str(name)).resolve() for name in names if name]


def _sources(weights: str | Mapping[Any, str] | None) -> list[str | None]:
    """Returns what `trainer.weights` names: one source, or one for each trunk."""
    return list(weights.values()) if isinstance(weights, Mapping) else [weights]


def _other_roots(found: Iterable[ArtifactRecord], artifacts: Path) -> tuple[Path, ...]:
    """Returns the folders of pipelines, ROOT of ROOT/artifacts/NODE/OUTPUT/ID, that hold artifacts and are not ours."""
    others = [
        one.uri
        for one in found
        if one.live and one.uri.is_absolute() and not one.uri.resolve().is_relative_to(artifacts)
    ]
    return tuple(sorted({uri.parents[3] for uri in others if uri.parts[-4:-3] == (artifacts.name,)}))


def _overlap(one: Path, other: Path) -> bool:
    one = one.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _remnants(metadata: PipelineMetadata, artifacts: Path) -> list[Removal]:
    """Returns the output folders of executions that wrote no artifact: NODE/OUTPUT/ID of one that failed or died."""
    found = []
    for execution in metadata.executions:
        dead = execution.state in ("failed", "canceled", "running") and not _may_be_active(metadata, execution)
        if dead and execution.node:
            for folder in sorted((artifacts / execution.node).glob(f"[!.]*/{execution.id}")):
                found.append(Removal(folder, "remnant", _size(folder), None))
    return [removal for removal in found if removal.bytes]


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def _mark_deleted(location: StoreLocation, artifacts: list[int]) -> None:
    if not artifacts:
        return
    store = open_store(location, "write")
    found = list(store.get_artifacts_by_id(artifacts))
    for artifact in found:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    store.put_artifacts(found)
