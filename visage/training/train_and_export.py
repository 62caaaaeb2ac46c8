"""A whole training: from a job to a SavedModel that records what it was trained on."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from visage.faces.settings import AlignmentSettings
from visage.saved_model.export import export
from visage.saved_model.metadata import TrainingProvenance
from visage.saved_model.provenance import check_provenance
from visage.training.calibration.calibrate import calibrate
from visage.training.checkpoint import remove_abandoned
from visage.training.devices import choose_strategy, machines
from visage.training.distillation.teacher import find_teacher
from visage.training.job import Job
from visage.training.settings import TrainerSettings
from visage.training.suspects.table import TABLE_FILE


def train_and_export(
    job: Job, alignment: AlignmentSettings, provenance: TrainingProvenance | None, model_dir: str, log_dir: str
) -> None:
    """Trains the job's network on all devices and machines, and writes the SavedModel.

    The training state is removed when the model is written.

    Args:
        job: the inputs of the training.
        alignment: settings that the crops of the records were made with.
        provenance: origin of the training data, without `faces` and `uid`; None: not stored, and the model cannot be a
            teacher.
        model_dir: the SavedModel's folder. If the labels were judged, `TABLE_FILE` lies beside it.
        log_dir: receives TensorBoard's logs.

    Raises:
        VisageError: a split is empty or unreadable, the recipe's first weights are missing or do not fit, training
            diverged, a checkpoint cannot be written, or a model that this one learns from may have been trained on
            its test split.
    """
    settings = TrainerSettings.model_validate_json(job.settings)
    teacher, blessed = settings.distillation.teacher, job.base_model
    trainings = None
    if provenance is not None:
        own = replace(provenance, weights=settings.first_weights, uid=uuid4().hex)
        trainings = check_provenance(
            own, find_teacher(teacher) if teacher else None, Path(blessed) if blessed else None
        )
    with job.announced() if machines() > 1 else nullcontext():
        trained = job.run(choose_strategy(), log_dir)
    if trainings is not None:
        trainings[0] = replace(trainings[0], faces=trained.faces)
    calibration = calibrate(trained.network, trained.val_split, settings)
    judged = trained.judged
    if judged is not None:
        # Before the model, whose presence means that the training is complete.
        judged.save(Path(model_dir).with_name(TABLE_FILE))
    counts = None if judged is None else judged.summary()
    export(
        trained.network,
        settings.spec,
        alignment,
        model_dir,
        trainings,
        calibration,
        trained.history,
        suspect_labels=counts,
    )
    trained.checkpoint.remove()
    remove_abandoned(Path(job.checkpoint_dir))
