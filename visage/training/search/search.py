"""A search for values of the recipe: KerasTuner proposes them, the Trainer's own training evaluates them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from visage.errors import VisageError
from visage.training.overrides import values_of
from visage.training.search.hyperparameters import hyperparameters_of, rounded
from visage.training.search.settings import TunerSettings
from visage.training.search.space import Space, combinations

_ORACLES = {
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
}


class Search(BaseTuner):
    """A search for TFX's Tuner that calls `loss_of` for each proposed combination of values.

    A killed search does not resume from KerasTuner's own folder, whose files are not written atomically and belong to
    one attempt. With the same seed and the same losses KerasTuner proposes the same values, so a search is repeated
    from its start, and `loss_of` must cache the trainings that are complete.
    """

    def __init__(
        self,
        space: Space,
        settings: TunerSettings,
        loss_of: Callable[[Mapping[str, Any]], float | None],
        folder: str,
    ) -> None:
        """Prepares the search.

        Args:
            space: the ranges and choices.
            settings: algorithm, seed and number of trials.
            loss_of: trains with the given values, by key, and returns the validation loss; None: the training failed.
            folder: for KerasTuner's own files alone; its content is removed now and after the search.
        """
        self._space = space
        self._loss_of = loss_of
        oracle = _ORACLES[settings.algorithm](
            objective=keras_tuner.Objective("val_loss", "min"),
            max_trials=trials_of(space, settings),
            seed=settings.seed,
            hyperparameters=hyperparameters_of(space),
            # A failed trial is a result, so any number of them may follow each other.
            max_consecutive_failed_trials=settings.trials + 1,
        )
        oracle.verbose = 0
        super().__init__(oracle, directory=folder, overwrite=True)

    def search(self) -> None:
        """Tries one combination of values after the other.

        Raises:
            VisageError: every trial failed.
            Exception: an error of `loss_of`.
        """
        try:
            super().search()
        except keras_tuner.errors.FatalError as error:
            raise error.__cause__ or error from None
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
        if not any(trial.status == TrialStatus.COMPLETED for trial in self.oracle.trials.values()):
            raise VisageError(
                f"tuner.search: all {len(self.oracle.trials)} trials failed: they diverged, or the recipe "
                "refuses the combinations; search smaller values, of trainer.learning_rate first"
            )

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Runs one trial; KerasTuner calls it."""
        trial.hyperparameters.values.update(rounded(self._space, trial.hyperparameters.values))
        try:
            loss = self._loss_of(values_of(trial.hyperparameters.values))
        except Exception as error:
            # KerasTuner would count any other error as a failed trial and continue.
            raise keras_tuner.errors.FatalError from error
        if loss is None:
            raise keras_tuner.errors.FailedTrialError
        return {"val_loss": loss}

    def results_summary(self, num_trials: int = 10) -> None:
        """Prints nothing: the table of trials has the results, and KerasTuner would create its folder again."""


def trials_of(space: Space, settings: TunerSettings) -> int:
    """Returns the greatest number of combinations that are tried."""
    return min(settings.trials, combinations(space) or settings.trials)
