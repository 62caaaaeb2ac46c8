"""Tries values under the recipe's keys: KerasTuner chooses them, the Trainer's own training judges them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from components.tuner.hyperparameters import hyperparameters_of, rounded
from components.tuner.settings import TunerSettings
from components.tuner.space import Space, combinations
from visage.errors import VisageError
from visage.training.recipe.overrides import values_of

_ORACLES = {
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "random": keras_tuner.oracles.RandomSearchOracle,
}


class Search(BaseTuner):
    """A search that asks `loss_of` what values are worth, for TFX's Tuner to run.

    KerasTuner's own folder is not what a killed search goes on from: its files are not written whole, and belong to one
    attempt. The same seed and the same losses make it choose the same values again, so a search is repeated from its
    start, and whoever gives `loss_of` remembers what has been trained.
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
            space: what to choose from.
            settings: how, and how often.
            loss_of: trains with these values, by key, and gives the validation loss; None: that failed.
            folder: for KerasTuner's own files; nobody else's. What is in it is removed now and after the search.
        """
        self._space = space
        self._loss_of = loss_of
        oracle = _ORACLES[settings.algorithm](
            objective=keras_tuner.Objective("val_loss", "min"),
            max_trials=trials_of(space, settings),
            seed=settings.seed,
            hyperparameters=hyperparameters_of(space),
            # Failing is an answer, however often.
            max_consecutive_failed_trials=settings.trials + 1,
        )
        oracle.verbose = 0
        super().__init__(oracle, directory=folder, overwrite=True)

    def search(self) -> None:
        """Tries one combination of values after the other.

        Raises:
            VisageError: every trial failed.
            Exception: what `loss_of` raises.
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
                "refuses their values together; search smaller values, of trainer.learning_rate first of all"
            )

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """What KerasTuner calls for each trial."""
        trial.hyperparameters.values.update(rounded(self._space, trial.hyperparameters.values))
        try:
            loss = self._loss_of(values_of(trial.hyperparameters.values))
        except Exception as error:
            # Any other one KerasTuner would take for a trial that failed, and go on.
            raise keras_tuner.errors.FatalError from error
        if loss is None:
            raise keras_tuner.errors.FailedTrialError
        return {"val_loss": loss}

    def results_summary(self, num_trials: int = 10) -> None:
        """Nothing: the table of trials says it, and KerasTuner would make its folder again."""


def trials_of(space: Space, settings: TunerSettings) -> int:
    """How many combinations are tried, at most."""
    return min(settings.trials, combinations(space) or settings.trials)
