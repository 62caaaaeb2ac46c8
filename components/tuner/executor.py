"""The code that TFX's Tuner runs: from its arguments to a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visage.errors import VisageError
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint, training_key
from visage.training.devices import choose_strategy, machines
from visage.training.distillation.predict import with_teacher
from visage.training.known_labels import check_labels
from visage.training.reports.reporting import FINE_TUNE, TRAIN
from visage.training.search.progress import SearchProgress
from visage.training.search.search import Search, trials_of
from visage.training.search.settings import TunerSettings
from visage.training.search.space import read_space
from visage.training.search.trainings import Trainings
from visage.training.settings import TrainerSettings

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs
    from tfx.components.tuner.component import TunerFnResult


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Creates the search.

    Args:
        fn_args: `train_files`, `eval_files`, `base_model` and `custom_config` as of the Trainer; `custom_config` also
            holds `tuner` (TunerSettings as JSON).

    Raises:
        VisageError: a split is empty, unreadable or without labels that the network learns, the teacher cannot
            predict, or `TF_CONFIG` names several machines.
    """
    from tfx.components.tuner.component import TunerFnResult

    if machines() > 1:
        raise VisageError("TF_CONFIG: names several machines, but a search runs on one; unset it for the node Tuner")
    config = fn_args.custom_config
    recipe = TrainerSettings.model_validate_json(config["settings"])
    settings = TunerSettings.model_validate_json(config["tuner"])
    space = read_space(settings.search, recipe)
    train_split, val_split = open_split("train", fn_args.train_files), open_split("val", fn_args.eval_files)
    check_labels(train_split, val_split, recipe)
    checkpoint_dir = Path(config["checkpoint_dir"])
    # No searched value changes the teacher, so its predictions are shared by all trials.
    shared_dir = checkpoint_dir / f"search-{training_key(recipe, config['code'], [train_split, val_split])}"
    train_split = with_teacher(train_split, recipe, Checkpoint(shared_dir))
    recipe = recipe_of_trials(recipe, settings)
    trainings = Trainings(
        train_split=train_split,
        val_split=val_split,
        recipe=recipe,
        code=config["code"],
        checkpoint_dir=checkpoint_dir,
        base_model=fn_args.base_model,
        strategy=choose_strategy(),
        progress=SearchProgress(trials_of(space, settings), _images(recipe, train_split)),
    )
    # TFX's own folder differs at each attempt, so it would keep what a killed attempt left.
    folder = str(checkpoint_dir / "keras_tuner")
    return TunerFnResult(Search(space, settings, trainings.loss_of, folder), fit_kwargs={})


def recipe_of_trials(recipe: TrainerSettings, settings: TunerSettings) -> TrainerSettings:
    """Returns the recipe with both phases limited to `tuner.epochs`."""
    if settings.epochs is None:
        return recipe
    second = recipe.fine_tuning.model_copy(update={"epochs": min(recipe.fine_tuning.epochs, settings.epochs)})
    return recipe.model_copy(update={"epochs": settings.epochs, "fine_tuning": second})


def _images(recipe: TrainerSettings, split: Split) -> dict[str, int]:
    """Returns the number of images that each phase of a training learns from, repetitions counted."""
    of_epoch = recipe.epoch_size or split.size
    return {TRAIN: recipe.epochs * of_epoch, FINE_TUNE: recipe.fine_tuning.epochs * of_epoch}
