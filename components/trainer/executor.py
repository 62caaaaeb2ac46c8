"""The code that TFX's Trainer runs: from its arguments to a trained, exported model."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visage.faces.settings import AlignmentSettings
from visage.saved_model.export import export
from visage.saved_model.metadata import TrainingProvenance
from visage.saved_model.provenance import check_provenance
from visage.training.checkpoint import remove_abandoned
from visage.training.devices import choose_strategy, machines
from visage.training.distillation.teacher import find_teacher
from visage.training.job import Job
from visage.training.recipe.overrides import tuned
from visage.training.settings import TrainerSettings

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs


def run_fn(fn_args: FnArgs) -> None:
    """Trains the recipe's network and writes the SavedModel.

    Args:
        fn_args: `train_files` and `eval_files` are globs of gzip TFRecords. `custom_config` holds `settings`
            (TrainerSettings as JSON), `alignment` (AlignmentSettings as JSON), `code` (digest of the training code),
            `provenance` (origin of the training data, or None) and `checkpoint_dir`, below which the training state is
            kept until the model is written. The SavedModel goes to `serving_model_dir`, TensorBoard's logs go to
            `model_run_dir`. `base_model` is the SavedModel that was pushed last, if the recipe starts from it.
            `hyperparameters` are the best values of a search, if there was one.

    Raises:
        VisageError: a split is empty or unreadable, the recipe's first weights are missing or do not fit, training
            diverged, or a checkpoint cannot be written.
    """
    settings = tuned(TrainerSettings.model_validate_json(fn_args.custom_config["settings"]), fn_args.hyperparameters)
    alignment = AlignmentSettings.model_validate_json(fn_args.custom_config["alignment"])
    provenance = _provenance(fn_args, settings)
    job = Job(
        train_files=fn_args.train_files,
        val_files=fn_args.eval_files,
        settings=settings.model_dump_json(),
        code=fn_args.custom_config["code"],
        checkpoint_dir=fn_args.custom_config["checkpoint_dir"],
        base_model=fn_args.base_model,
    )
    with job.announced() if machines() > 1 else nullcontext():
        trained = job.run(choose_strategy(), fn_args.model_run_dir)
    if provenance is not None:
        # TFX names the folder of the artifact by the id of the execution.
        training = Path(fn_args.serving_model_dir).parent.name
        provenance[0] = replace(provenance[0], faces=trained.faces, training=training)
    export(trained.network, settings.spec, alignment, fn_args.serving_model_dir, provenance)
    trained.checkpoint.remove()
    remove_abandoned(Path(job.checkpoint_dir))


def _provenance(fn_args: FnArgs, settings: TrainerSettings) -> list[TrainingProvenance] | None:
    own, teacher = fn_args.custom_config["provenance"], settings.distillation.teacher
    if own is None:
        return None
    blessed = Path(fn_args.base_model) if fn_args.base_model else None
    return check_provenance(TrainingProvenance.from_json(own), find_teacher(teacher) if teacher else None, blessed)
