"""The settings of a whole run: those of all components, and the rules between them."""

import math
import re
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from components.example_validator.settings import ValidationSettings
from components.face_example_gen.settings import (
    BeamSettings,
    DataSettings,
    FaceExampleGenSettings,
)
from pipeline.config.airflow import AirflowSettings
from pipeline.config.exports import ExportSettings
from pipeline.config.kubeflow import KubeflowSettings
from pipeline.config.metadata import MetadataSettings
from pipeline.config.retraining import NotificationSettings, RetrainingSettings
from visage.data.datasets import dataset_spec
from visage.data.datasets.labelled_folder import LABELLED_FOLDER, labelled_folder_name
from visage.data.settings import CleaningSettings, SplitSettings, SuspectLabels
from visage.errors import quoted
from visage.evaluation.settings import EvaluatorSettings
from visage.faces.settings import AlignmentSettings
from visage.model_card.settings import ModelCardSettings
from visage.monitoring.settings import MonitorSettings
from visage.names import did_you_mean
from visage.saved_model.pushing.bucket_copy import check_copy_url
from visage.settings import ExpandedPath, LocalPath, Settings
from visage.training.search.settings import TunerSettings
from visage.training.search.space import read_space
from visage.training.settings import TrainerSettings
from visage.training.suspects.requirements import why_not_judged

# Key of pydantic's validation context: the source that a command names in addition to `data.sources`, or None.
SOURCE = "source"
# Folder of a workspace for the data of all its pipelines.
DATA_FOLDER = "data"


class ServingSettings(Settings):
    """Where a blessed model goes."""

    model_name: str = Field("visage", description="the name TensorFlow Serving knows")
    copy_to: ExpandedPath | None = Field(None, description="a bucket's folder for a copy of each version; null: none")

    @field_validator("copy_to")
    @classmethod
    def _is_the_address_of_a_bucket(cls, url: str | None) -> str | None:
        return None if url is None else check_copy_url(url)

    @field_validator("model_name")
    @classmethod
    def _is_a_model_name(cls, name: str) -> str:
        if not re.fullmatch("[a-z][a-z0-9_-]*", name):
            raise ValueError(f"must be lower-case letters, digits, hyphens and _, a letter first, not {quoted(name)}")
        return name


class RunCleaningSettings(CleaningSettings):
    """The rules of FaceExampleGen, and what the Trainer does about labels that no rule can find."""

    suspect_labels: SuspectLabels = Field(
        "keep", description="training labels that look wrong; keep: none is judged; report: found, and learned from"
    )

    @property
    def of_records(self) -> CleaningSettings:
        """Returns the rules alone, so that FaceExampleGen's cache does not depend on the rest."""
        return CleaningSettings(**self.model_dump(include=set(CleaningSettings.model_fields)))


class PipelineConfig(Settings):
    """A whole run, as the configuration file describes it."""

    name: str = Field(description="lower-case letters, digits and hyphens")
    workspace: LocalPath = Field("runs", min_length=1, description="folder for everything that runs write")
    data: DataSettings
    cleaning: RunCleaningSettings = RunCleaningSettings()
    alignment: AlignmentSettings = AlignmentSettings()
    split: SplitSettings = SplitSettings()
    beam: BeamSettings = BeamSettings()
    validation: ValidationSettings = ValidationSettings()
    trainer: TrainerSettings
    tuner: TunerSettings = TunerSettings()
    evaluator: EvaluatorSettings
    model_card: ModelCardSettings = ModelCardSettings()
    serving: ServingSettings = ServingSettings()
    monitor: MonitorSettings = MonitorSettings()
    exports: ExportSettings = ExportSettings()
    metadata: MetadataSettings = MetadataSettings()
    retraining: RetrainingSettings = RetrainingSettings()
    notifications: NotificationSettings = NotificationSettings()
    airflow: AirflowSettings = AirflowSettings()
    kubeflow: KubeflowSettings = KubeflowSettings()

    @field_validator("data")
    @classmethod
    def _labelled_folders_have_their_source(cls, data: DataSettings, info: ValidationInfo) -> DataSettings:
        entries = data.labelled_folders
        source = (info.context or {}).get(SOURCE)
        # A command that names its source reads no other one.
        names = data.folder_names if source is None else [labelled_folder_name(source) or ""]
        for name in (entry for entry in entries if entry not in {*data.folder_names, *names}):
            meant = did_you_mean(name, [other for other in names if other not in entries])
            if source is not None and (not meant or _without_digits(name) == _without_digits(names[0])):
                continue
            fix = meant or "name it in data.sources, or remove the entry"
            raise ValueError(f"labelled_folders.{name}: no source is {LABELLED_FOLDER}/{name}; {fix}")
        return data

    @field_validator("trainer")
    @classmethod
    def _leaves_checkpoints(cls, trainer: TrainerSettings) -> TrainerSettings:
        if trainer.epoch_size is None:  # the records are counted later
            return trainer
        steps = max(trainer.epochs, trainer.fine_tuning.epochs) * math.ceil(trainer.epoch_size / trainer.step_size)
        if trainer.leaves_no_checkpoint(steps):
            raise ValueError(
                f"checkpoint_steps: {trainer.checkpoint_steps} is above the {steps} steps of the training, so that a "
                f"killed one would start over; set {steps} or less"
            )
        return trainer

    @field_validator("trainer")
    @classmethod
    def _can_judge_its_labels(cls, trainer: TrainerSettings, info: ValidationInfo) -> TrainerSettings:
        # Without it, cleaning has a mistake of its own.
        cleaning: RunCleaningSettings = info.data.get("cleaning", RunCleaningSettings())
        why = None if cleaning.suspect_labels == "keep" else why_not_judged(trainer)
        if why:
            raise ValueError(why)
        return trainer

    @field_validator("tuner")
    @classmethod
    def _search_suits_the_recipe(cls, tuner: TunerSettings, info: ValidationInfo) -> TunerSettings:
        if "trainer" in info.data:  # else it has a mistake of its own
            read_space(tuner.search, info.data["trainer"])
        return tuner

    @field_validator("evaluator")
    @classmethod
    def _gated_sources_exist(cls, evaluator: EvaluatorSettings, info: ValidationInfo) -> EvaluatorSettings:
        if "data" not in info.data:  # it has a mistake of its own
            return evaluator
        # Another source has no test record, and its gate would fail after hours.
        known = dict.fromkeys(dataset_spec(source).source for source in info.data["data"].sources)
        for number, gate in enumerate(evaluator.slice_gates):
            if gate.feature == "source" and gate.value not in known:
                raise ValueError(
                    f"slice_gates.{number}: no source {quoted(gate.value)}; choose from {', '.join(known)}"
                )
        return evaluator

    @field_validator("evaluator")
    @classmethod
    def _limits_predicted_outputs(cls, evaluator: EvaluatorSettings, info: ValidationInfo) -> EvaluatorSettings:
        if "trainer" not in info.data:  # it has a mistake of its own
            return evaluator
        trainer: TrainerSettings = info.data["trainer"]
        missing = evaluator.limits_on("age") if trainer.spec.age_head is None else []
        missing += evaluator.limits_on("gender") if trainer.spec.gender_head is None else []
        if missing:
            output = "age" if trainer.spec.age_head is None else "gender"
            raise ValueError(f"{', '.join(missing)} must be null: {trainer.network} predicts no {output} here")
        return evaluator

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not re.fullmatch("[a-z][a-z0-9-]{0,40}", name):
            allowed = "lower-case letters, digits and hyphens, a letter first, 41 at most"
            raise ValueError(f"must be {allowed}, not {quoted(name)}")
        if name == DATA_FOLDER:
            raise ValueError(f"{name!r} is the workspace's folder for what all pipelines read; choose another name")
        return name

    @property
    def root(self) -> Path:
        """Absolute folder of this pipeline: artifacts, metadata, logs and pushed models."""
        return Path(self.workspace).resolve() / self.name

    @property
    def data_root(self) -> Path:
        """Absolute folder of the drawn portraits and prepared data sets of all pipelines of the workspace."""
        return Path(self.workspace).resolve() / DATA_FOLDER

    @property
    def model_base_path(self) -> Path:
        """Absolute folder of the numbered versions that TensorFlow Serving watches."""
        return self.root / "serving" / self.serving.model_name

    def with_absolute_outputs(self) -> "PipelineConfig":
        """Returns the configuration for processes in other folders: the paths that every run needs are absolute."""
        events = self.exports.openlineage
        file = None if events.file is None else str(Path(events.file).resolve())
        exports = self.exports.model_copy(update={"openlineage": events.model_copy(update={"file": file})})
        changes = {
            "workspace": str(Path(self.workspace).resolve()),
            "data": self.face_example_gen_settings().data,
            "exports": exports,
            "metadata": _with_absolute(self.metadata, "url_file"),
            "retraining": _with_absolute(self.retraining, "statistics"),
            "notifications": _with_absolute(self.notifications, "webhook_file"),
        }
        return self.model_copy(update=changes)

    def face_example_gen_settings(self) -> FaceExampleGenSettings:
        """Returns the settings of FaceExampleGen, with an absolute `data.dir`."""
        data = self.data
        if data.dir is not None:
            data = data.model_copy(update={"dir": str(Path(data.dir).resolve())})
        return FaceExampleGenSettings(
            data=data,
            cleaning=self.cleaning.of_records,
            alignment=self.alignment,
            split=self.split,
            beam=self.beam,
            data_root=str(self.data_root),
        )


def _without_digits(name: str) -> str:
    """Returns what numbered folders, such as those of each year, have in common."""
    return re.sub(r"\d", "", name)


def _with_absolute(settings: Settings, key: str) -> Settings:
    """Returns settings whose path `key` is absolute; None stays None."""
    path = getattr(settings, key)
    return settings.model_copy(update={key: path and str(Path(path).resolve())})
