"""What TFX's Tuner runs: from its arguments to a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import VisageError
from components.trainer.input import open_split
from components.trainer.settings import TrainerSettings
from components.trainer.strategy import choose_strategy, machines
from components.tuner.progress import SearchProgress
from components.tuner.search import Search, trials_of
from components.tuner.settings import TunerSettings
from components.tuner.space import read_space
from components.tuner.trainings import Trainings

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs
    from tfx.components.tuner.component import TunerFnResult


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Makes the search.

    Args:
        fn_args: `train_files`, `eval_files`, `base_model` and `custom_config` as the Trainer's; there besides `tuner`
            (TunerSettings as JSON). KerasTuner's files and TensorBoard's logs go below `working_dir`, TFX's own.

    Raises:
        VisageError: a split is empty or unreadable, or `TF_CONFIG` names several machines.
    """
    from tfx.components.tuner.component import TunerFnResult

    if machines() > 1:
        raise VisageError("TF_CONFIG names several machines, and a search runs on one: unset it for the node Tuner")
    config = fn_args.custom_config
    recipe = TrainerSettings.model_validate_json(config["settings"])
    settings = TunerSettings.model_validate_json(config["tuner"])
    space = read_space(settings.search, recipe)
    if settings.epochs is not None:
        recipe = recipe.model_copy(update={"epochs": settings.epochs})
    train_split = open_split("train", fn_args.train_files)
    trainings = Trainings(
        train_split=train_split,
        val_split=open_split("val", fn_args.eval_files),
        recipe=recipe,
        code=config["code"],
        checkpoint_dir=Path(config["checkpoint_dir"]),
        base_model=fn_args.base_model,
        log_dir=fn_args.working_dir,
        strategy=choose_strategy(),
        progress=SearchProgress(trials_of(space, settings), recipe.epochs * (recipe.epoch_size or train_split.size)),
    )
    return TunerFnResult(Search(space, settings, trainings.loss_of, fn_args.working_dir), fit_kwargs={})
