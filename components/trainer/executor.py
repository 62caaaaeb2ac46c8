"""The code that TFX's Trainer runs: from its arguments to a trained, exported model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visage.faces.settings import AlignmentSettings
from visage.saved_model.metadata import TrainingProvenance
from visage.source_digest import TRAINING_CODE, source_digest
from visage.training.job import Job
from visage.training.overrides import tuned
from visage.training.settings import TrainerSettings
from visage.training.train_and_export import train_and_export

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs


def run_fn(fn_args: FnArgs) -> None:
    """Trains the recipe's network and writes the SavedModel.

    Args:
        fn_args: `train_files` and `eval_files` are globs of gzip TFRecords. `custom_config` holds `settings`
            (TrainerSettings as JSON), `alignment` (AlignmentSettings as JSON), `provenance` (origin of the training
            data, or None), `suspect_labels` (what becomes of labels that look wrong) and `checkpoint_dir`, below which
            the training state is kept until the model is written. The SavedModel goes to `serving_model_dir`,
            TensorBoard's logs go to `model_run_dir`. `base_model` is the SavedModel that was pushed last, if the
            recipe starts from it. `hyperparameters` are the best values of a search, if there was one.

    Raises:
        VisageError: an error of `train_and_export`.
    """
    config = fn_args.custom_config
    settings = tuned(TrainerSettings.model_validate_json(config["settings"]), fn_args.hyperparameters)
    job = Job(
        train_files=fn_args.train_files,
        val_files=fn_args.eval_files,
        settings=settings.model_dump_json(),
        code=source_digest(*TRAINING_CODE),
        checkpoint_dir=config["checkpoint_dir"],
        base_model=fn_args.base_model,
        # Pipelines that an earlier version compiled have none.
        suspect_labels=config.get("suspect_labels", "keep"),
    )
    alignment = AlignmentSettings.model_validate_json(config["alignment"])
    train_and_export(job, alignment, _provenance(fn_args), fn_args.serving_model_dir, fn_args.model_run_dir)


def _provenance(fn_args: FnArgs) -> TrainingProvenance | None:
    own = fn_args.custom_config["provenance"]
    if own is None:
        return None
    # TFX names the folder of the artifact by the id of the execution.
    return replace(TrainingProvenance.from_json(own), training=Path(fn_args.serving_model_dir).parent.name)
