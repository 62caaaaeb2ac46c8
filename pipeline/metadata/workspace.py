"""Collects the trainings of every pipeline of a workspace, and which of them depend on each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pipeline.metadata.lineage import PushedVersion, Training, pushed_versions, trainings
from pipeline.metadata.location import pipelines_of
from pipeline.metadata.reader import PipelineMetadata
from visage.saved_model.metadata import TrainingProvenance, read_metadata

# Names a training: the pipeline and the id.
Key = tuple[str, str]
Dependence = Literal["started from", "taught by"]


@dataclass(frozen=True)
class KnownTraining:
    """One training of a workspace, with the versions that were pushed of its model."""

    pipeline: str
    training: Training
    versions: tuple[PushedVersion, ...]

    @property
    def key(self) -> Key:
        """Returns its name in a workspace."""
        return self.pipeline, self.training.id

    @property
    def folders(self) -> list[Path]:
        """Returns the folders that hold the model: as it was trained, and as it was pushed."""
        pushed = [version.folder for version in self.versions]
        model = self.training.model
        return [*([model.uri / "Format-Serving"] if model.exists else []), *(one for one in pushed if one)]

    @cached_property
    def provenance(self) -> list[TrainingProvenance]:
        """Returns what the model itself records of its training, its teacher and its start; empty if it is gone."""
        for folder in self.folders:
            try:
                return read_metadata(folder).learned_from or []
            except (OSError, ValueError):
                continue
        return []


def workspace_trainings(workspace: Path) -> list[KnownTraining]:
    """Returns every training of every pipeline of a workspace of which a model or examples exist.

    Raises:
        VisageError: the metadata of a pipeline are damaged or locked.
    """
    found = []
    for location in pipelines_of(workspace):
        metadata = PipelineMetadata(location.root, location=location)
        pushed = pushed_versions(metadata)
        for training in trainings(metadata):
            versions = tuple(one for one in pushed if one.model and one.model.id == training.model.id)
            known = KnownTraining(metadata.pipeline, training, versions)
            if known.folders or (training.examples is not None and training.examples.exists):
                found.append(known)
    return found


def parents(one: KnownTraining, known: Iterable[KnownTraining]) -> Iterator[tuple[KnownTraining, Dependence]]:
    """Yields the trainings of the workspace that a model depends on, and how."""
    teacher = Path(one.training.teacher) if one.training.teacher else None
    for other in known:
        start = one.training.start
        if start is not None and other.pipeline == one.pipeline and other.training.model.id == start.id:
            yield other, "started from"
        elif other.key != one.key and (
            any(is_record_of(entry, other) for entry in one.provenance[1:])
            or (teacher is not None and _holds(other, teacher))
        ):
            yield other, "taught by"


def is_record_of(entry: TrainingProvenance, training: KnownTraining) -> bool:
    """Returns whether an entry of a model's record is known to be this training.

    Equal names do not show it: another workspace may have a training of the same pipeline, id and data sets, of other
    people. Earlier releases recorded no `uid`; without it, it is not known.
    """
    return entry.uid is not None and bool(training.provenance) and training.provenance[0].uid == entry.uid


def _holds(one: KnownTraining, folder: Path) -> bool:
    return folder in (one.training.model.uri / "Format-Serving", *(version.destination for version in one.versions))
