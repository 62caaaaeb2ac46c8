"""The trainings that a search makes from a recipe."""

from visage.training.recipe.fine_tuning_settings import FineTuningSettings
from visage.training.search.job import recipe_of_trials
from visage.training.search.settings import TunerSettings
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="cnn_utkface", epochs=2, batch_size=8, optimizer="sgd", learning_rate=1e-3)
SETTINGS = TunerSettings(epochs=1)


def test_neither_phase_of_a_trial_is_longer_than_the_search_allows() -> None:
    recipe = RECIPE.model_copy(update={"fine_tuning": FineTuningSettings(epochs=20)})
    of_trials = recipe_of_trials(recipe, SETTINGS)
    assert (of_trials.epochs, of_trials.of_fine_tuning.epochs) == (1, 1)
    assert recipe_of_trials(recipe, TunerSettings()) == recipe
    assert recipe_of_trials(RECIPE, SETTINGS).fine_tuning.epochs == 0
