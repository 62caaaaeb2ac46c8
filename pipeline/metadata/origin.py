"""Follows a model, named by its version or its folder, to everything that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.metadata.details import RunDetails, details_of, metrics_and_waiver
from pipeline.metadata.lineage import PushedVersion, Training, pushed_versions, training_of, trainings, version_record
from pipeline.metadata.location import pipeline_above
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.run_waiver import RunWaiver
from visage.errors import VisageError
from visage.evaluation.waivers import WAIVERS_FILE, read_waivers
from visage.names import did_you_mean
from visage.saved_model.pushing.holds import model_digest
from visage.saved_model.versions import newest_version, version_number


@dataclass(frozen=True)
class Origin:
    """What a model was made from.

    Attributes:
        pipeline: its name.
        training: that made the model.
        version: as which it was pushed; None: it was not.
        start: the version, or the training, whose weights it started from; None: from no model.
        details: of the run that trained it.
        waiver: that let it through, or of its run if it was not pushed; None without one.
    """

    pipeline: str
    training: Training
    version: PushedVersion | None
    start: str | None
    details: RunDetails
    waiver: RunWaiver | None

    @property
    def folder(self) -> Path | None:
        """Returns a folder with the model's files; None if they are removed."""
        pushed = self.version.folder if self.version else None
        trained = self.training.model.uri / "Format-Serving"
        return pushed or (trained if trained.is_dir() else None)

    def to_json(self) -> dict[str, Any]:
        """Returns the origin as JSON, with the whole record of the run."""
        training, version = self.training, self.version
        examples = training.examples
        return {
            "pipeline": self.pipeline,
            "version": version and version.number,
            "place": version and version.place,
            "folder": self.folder and str(self.folder),
            "digest": self.folder and model_digest(self.folder),
            "pushed_by_run": version and version.run_id,
            "waiver": self.waiver and self.waiver.to_json(),
            "training": training.id,
            "model": str(training.model.uri),
            "examples": examples and {"folder": str(examples.uri), "exists": examples.exists},
            "sources": training.sources,
            "data_settings": training.data_settings,
            "recipe": training.settings,
            "cleaning_report": training.cleaning_report,
            "started_from": self.start,
            "teacher": training.teacher,
            "files": training.files,
            "trained_by": self.details.to_json(),
        }


def served_version(metadata: PipelineMetadata, base: Path) -> str:
    """Returns the number of the served version.

    Raises:
        VisageError: none is served.
    """
    newest = newest_version(base)
    if newest is None:
        raise VisageError(f"{base}: no model of {metadata.pipeline} has been pushed; run it first (visage run)")
    return newest.path.name


def find_origin(metadata: PipelineMetadata, model: str) -> Origin:
    """Returns the origin of a model.

    Args:
        metadata: of the configured pipeline, which a folder need not belong to.
        model: the number of a version, or a folder: a version, all versions, or a model as the Trainer wrote it.

    Raises:
        VisageError: there is no such model, or ML Metadata has no record of it.
    """
    version: PushedVersion | None
    if version_number(Path(model)) is not None and Path(model).name == model:
        version = version_record(metadata, model)
        if version is None:
            numbers = [one.number for one in pushed_versions(metadata)]
            fix = did_you_mean(model, numbers) or f"there are {', '.join(numbers) or 'none'}"
            raise VisageError(f"version {model}: {metadata.pipeline} has not pushed it; {fix}")
        training = training_of(metadata, version.model)
    else:
        metadata, version, training = _of_folder(Path(model).resolve())
    if training is None:
        raise VisageError(f"{model}: {metadata.location.name} does not have its training; run the pipeline again")
    details = details_of(metadata, metadata.run(training.execution.run_id))
    waiver = details.waiver
    # A run that was withheld trained a model that a waiver let through: the run of the push has it.
    if version is not None and version.run_id != details.run.run_id:
        _, waiver = metrics_and_waiver(metadata.run(version.run_id), read_waivers(metadata.root / WAIVERS_FILE))
    return Origin(metadata.pipeline, training, version, _start(metadata, training), details, waiver)


def _of_folder(folder: Path) -> tuple[PipelineMetadata, PushedVersion | None, Training | None]:
    location = pipeline_above(folder)
    if location is None or not folder.exists():
        raise VisageError(f"{folder}: no model of a pipeline; name a version's number, or a folder that a run pushed")
    metadata = PipelineMetadata(location.root, location=location)
    newest = newest_version(folder)
    wanted = {folder, newest.path if newest else folder}
    for version in reversed(pushed_versions(metadata)):
        if {version.destination, version.folder} & wanted:
            return metadata, version, training_of(metadata, version.model)
    for training in trainings(metadata):
        if folder.is_relative_to(training.model.uri):
            pushed = (one for one in reversed(pushed_versions(metadata)) if one.model == training.model)
            return metadata, next(pushed, None), training
    return metadata, None, None


def _start(metadata: PipelineMetadata, training: Training) -> str | None:
    if training.start is None:
        return None
    pushed = [one.number for one in pushed_versions(metadata) if one.model == training.start]
    if pushed:
        return f"version {pushed[-1]}"
    producer = metadata.producer(training.start)
    return f"training {producer.id if producer else 'unknown'}"
