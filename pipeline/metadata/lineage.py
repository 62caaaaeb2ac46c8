"""Follows a pushed version back to its training and its data, through ML Metadata."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from components.node_code import PROPERTY as CODE
from components.node_code import parts_of
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import ArtifactRecord, NodeExecution, Run
from visage.saved_model.pushing.holds import held_path, is_held, model_digest
from visage.saved_model.versions import newest_version

Place = Literal["served", "older", "held", "removed"]


@dataclass(frozen=True)
class PushedVersion:
    """One version of a model.

    Attributes:
        number: name of its folder.
        destination: `BASE/NUMBER`, where it was pushed to.
        run_id: of the run that pushed it.
        model: as the Trainer wrote it; None: its record is lost.
    """

    number: str
    destination: Path
    run_id: str
    model: ArtifactRecord | None

    @property
    def place(self) -> Place:
        """Returns 'served', 'older' (below the served one), 'held' (rolled back) or 'removed'."""
        if self.destination.is_dir():
            newest = newest_version(self.destination.parent)
            return "served" if newest is not None and newest.path == self.destination else "older"
        return "held" if is_held(self.destination) else "removed"

    @property
    def folder(self) -> Path | None:
        """Returns the folder with its files; None if they are removed."""
        place = self.place
        if place == "removed":
            return None
        return held_path(self.destination.parent, self.number) if place == "held" else self.destination

    @cached_property
    def digest(self) -> str | None:
        """Returns the digest of its graph and weights; None if the files are removed."""
        return None if self.folder is None else model_digest(self.folder)


@dataclass(frozen=True)
class Training:
    """How a model was made.

    Attributes:
        execution: of the Trainer.
        model: its output.
        examples: that it learned from; None: their record is lost.
        data: the execution of FaceExampleGen that wrote the examples; None: its record is lost.
        start: the model whose weights it started from (`weights: blessed`); None: from no such model.
    """

    execution: NodeExecution
    model: ArtifactRecord
    examples: ArtifactRecord | None
    data: NodeExecution | None
    start: ArtifactRecord | None

    @property
    def id(self) -> str:
        """Returns the id that `visage.json` and the model card name."""
        return str(self.execution.id)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """Returns the recipe: `trainer` of the configuration."""
        return _json(self._custom_config.get("settings"))

    @property
    def code(self) -> Mapping[str, str]:
        """Returns the code that made the examples and the model, by node and package: digests and versions."""
        config = self._custom_config
        # Where earlier versions recorded the Trainer's.
        earlier = {"Trainer": "code", "Trainer component": "component_code", "keras": "keras"}
        return {
            **(code_of_execution(self.data) if self.data else {}),
            **code_of_execution(self.execution),
            **{name: str(config[key]) for name, key in earlier.items() if config.get(key)},
        }

    @property
    def files(self) -> Mapping[str, str]:
        """Returns the digests of the files of the recipe: 'weights' and 'teacher', where it names one."""
        return dict(self._custom_config.get("files") or {})

    @property
    def data_settings(self) -> Mapping[str, Any]:
        """Returns the settings of FaceExampleGen: data, cleaning, alignment, split, beam."""
        return _json(self.data and self.data.properties.get("settings"))

    @property
    def archive_digests(self) -> Mapping[str, str]:
        """Returns the digest of each archive, by data set."""
        return _json(self.data and self.data.properties.get("archive_digests"))

    @property
    def sources(self) -> list[str]:
        """Returns the data sets, e.g. 'imdb_wiki/wiki'."""
        return list(self.data_settings.get("data", {}).get("sources", []))

    @property
    def teacher(self) -> str | None:
        """Returns the folder of the model that taught it; None: it had none."""
        return self.settings.get("distillation", {}).get("teacher")

    @cached_property
    def cleaning_report(self) -> Mapping[str, Any] | None:
        """Returns the counts of records by source, split and rule; None: the report is gone."""
        report = self.data.output("cleaning_report") if self.data else None
        if report is None:
            return None
        try:
            return json.loads((report.uri / "cleaning_report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    @cached_property
    def _custom_config(self) -> Mapping[str, Any]:
        return _json(self.execution.properties.get("custom_config"))


def code_of_execution(execution: NodeExecution) -> dict[str, str]:
    """Returns the code that ran, by node and package: digests of ours, versions of others; empty where not recorded."""
    recorded = str(execution.properties.get(CODE, ""))
    values = parts_of(recorded) if recorded else {}
    return {f"{execution.node} {name}".strip(): value for name, value in values.items()}


def version_of(run: Run, versions: Sequence[PushedVersion]) -> PushedVersion | None:
    """Returns the version that a run pushed; of a model that was held back, the version that has the same model.

    Args:
        run: the run.
        versions: of the pipeline.

    Returns:
        None: the model is no version, or its push is not recorded.
    """
    if run.version is not None:
        return next((one for one in reversed(versions) if one.number == run.version), None)
    model = run.output("Trainer", "model")
    if not run.held or model is None:
        return None
    pushed = next((one for one in reversed(versions) if one.model and one.model.id == model.id), None)
    if pushed is not None or not model.exists:
        return pushed
    # A repeated training of the same model has an artifact of its own.
    digest = model_digest(model.uri / "Format-Serving")
    return next((one for one in reversed(versions) if one.digest == digest), None)


def pushed_versions(metadata: PipelineMetadata) -> list[PushedVersion]:
    """Returns every version that this pipeline has pushed, the oldest first."""
    found: dict[Path, PushedVersion] = {}
    for execution, pushed in metadata.outputs_of_type("PushedModel"):
        if pushed.properties.get("pushed") == 1:
            number = str(pushed.properties["pushed_version"])
            destination = Path(str(pushed.properties.get("pushed_destination", number)))
            # A run that repeats an earlier one names its version again.
            found.setdefault(
                destination, PushedVersion(number, destination, execution.run_id, execution.input("model"))
            )
    return list(found.values())


def version_record(metadata: PipelineMetadata, number: str) -> PushedVersion | None:
    """Returns the version of this number that was pushed last; None: none was."""
    return next((version for version in reversed(pushed_versions(metadata)) if version.number == number), None)


def training_of(metadata: PipelineMetadata, model: ArtifactRecord | None) -> Training | None:
    """Returns the training that made a model; None: its record is lost."""
    execution = metadata.producer(model) if model else None
    if execution is None or model is None:
        return None
    examples = execution.input("examples")
    data = metadata.producer(examples) if examples else None
    return Training(execution, model, examples, data, execution.input("base_model"))


def trainings(metadata: PipelineMetadata) -> list[Training]:
    """Returns every training of this pipeline, the oldest first."""
    found = (training_of(metadata, model) for _, model in metadata.outputs_of_type("Model"))
    return [training for training in found if training is not None]


def _json(text: object) -> dict[str, Any]:
    try:
        values = json.loads(str(text)) if text else {}
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
