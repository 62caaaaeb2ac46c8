"""TFX's Tuner, configured with a recipe and the values to search."""

from __future__ import annotations

from tfx import types
from tfx.components.tuner.component import Tuner
from tfx.proto import trainer_pb2

from visage.faces.settings import AlignmentSettings
from visage.training.pin_files import pin_files
from visage.training.search.settings import TunerSettings
from visage.training.settings import TrainerSettings


def create_tuner(
    examples: types.BaseChannel,
    recipe: TrainerSettings,
    alignment: AlignmentSettings,
    settings: TunerSettings,
    checkpoint_dir: str,
    warm_start_model: types.BaseChannel | None = None,
) -> Tuner:
    """Creates a Tuner that trains on the split `train` and compares trials by their loss on the split `val`.

    Args:
        examples: channel of Examples, as FaceExampleGen writes them.
        recipe: the recipe whose values are searched.
        alignment: settings that the crops of `examples` were made with.
        settings: what is searched, and how.
        checkpoint_dir: folder for checkpoints and results of the trials, from which a later attempt resumes.
        warm_start_model: channel of the Model whose weights the trials start from, if `weights: blessed`.

    Returns:
        A component with the outputs `best_hyperparameters`, for the Trainer, and `tuner_results`.

    Raises:
        VisageError: the recipe's teacher does not exist, or cannot teach the recipe's network.
    """
    recipe, files = pin_files(recipe, alignment)
    return Tuner(
        examples=examples,
        base_model=warm_start_model,
        tuner_fn="components.tuner.executor.tuner_fn",
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["val"]),
        custom_config={
            "settings": recipe.model_dump_json(),
            "tuner": settings.model_dump_json(),
            "checkpoint_dir": checkpoint_dir,
            # Changed files under the same names must miss the cache.
            "files": files,
        },
    )
