"""TFX's Trainer, configured with a recipe."""

from __future__ import annotations

from tfx import types
from tfx.components.trainer.component import Trainer
from tfx.proto import trainer_pb2

from visage.data.settings import SuspectLabels
from visage.faces.settings import AlignmentSettings
from visage.saved_model.metadata import TrainingProvenance
from visage.training.pin_files import pin_files
from visage.training.settings import TrainerSettings


def create_trainer(
    examples: types.BaseChannel,
    settings: TrainerSettings,
    alignment: AlignmentSettings,
    checkpoint_dir: str,
    warm_start_model: types.BaseChannel | None = None,
    best_values: types.BaseChannel | None = None,
    provenance: TrainingProvenance | None = None,
    suspect_labels: SuspectLabels = "keep",
) -> Trainer:
    """Creates a Trainer that learns from the split `train` and selects its best epoch by the split `val`.

    Args:
        examples: channel of Examples, as FaceExampleGen writes them.
        settings: network and training.
        alignment: settings that the crops of `examples` were made with; the model aligns photos the same way.
        checkpoint_dir: folder for the checkpoints of the training, from which a later attempt resumes.
        warm_start_model: channel of the Model whose weights the training starts from, if `weights: blessed`.
        best_values: channel of the HyperParameters that a search found; they replace values of the recipe.
        provenance: origin of the training data, stored in the model; None: not stored, and the model cannot be a
            teacher.
        suspect_labels: what becomes of training labels that look wrong; "keep": none is judged.

    Returns:
        A component with the outputs `model` and `model_run`.

    Raises:
        VisageError: the recipe's teacher does not exist, or cannot teach the recipe's network.
    """
    settings, files = pin_files(settings, alignment)
    return Trainer(
        examples=examples,
        base_model=warm_start_model,
        hyperparameters=best_values,
        run_fn="components.trainer.executor.run_fn",
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["val"]),
        custom_config={
            "settings": settings.model_dump_json(),
            "alignment": alignment.model_dump_json(),
            "checkpoint_dir": checkpoint_dir,
            "suspect_labels": suspect_labels,
            "provenance": provenance and provenance.to_json(),
            # Changed files under the same names must miss the cache.
            "files": files,
        },
    )
