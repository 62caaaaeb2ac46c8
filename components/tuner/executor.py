"""The code that TFX's Tuner runs: from its arguments to a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visage.source_digest import TRAINING_CODE, source_digest
from visage.training.search.job import make_search
from visage.training.search.settings import TunerSettings
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
        VisageError: an error of `make_search`.
    """
    from tfx.components.tuner.component import TunerFnResult

    config = fn_args.custom_config
    search = make_search(
        recipe=TrainerSettings.model_validate_json(config["settings"]),
        settings=TunerSettings.model_validate_json(config["tuner"]),
        train_files=fn_args.train_files,
        val_files=fn_args.eval_files,
        code=source_digest(*TRAINING_CODE, "components.tuner"),
        checkpoint_dir=Path(config["checkpoint_dir"]),
        base_model=fn_args.base_model,
    )
    return TunerFnResult(search, fit_kwargs={})
