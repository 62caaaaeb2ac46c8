"""KerasTuner chooses within the space; a search repeated from its start chooses the same values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from visage.errors import VisageError
from visage.training.overrides import values_of
from visage.training.search.search import Search
from visage.training.search.settings import TunerSettings
from visage.training.search.space import read_space
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="compact", epochs=2, learning_rate=0.001)
SEARCH = {
    "trainer.learning_rate": {"min": 0.0001, "max": 0.01, "log": True},
    "trainer.early_stopping_patience": [None, 5],
}


def distance(values: Mapping[str, Any]) -> float:
    """A loss that is least at a rate of 0.001, and for patience."""
    return abs(values["trainer.learning_rate"] - 0.001) + (values["trainer.early_stopping_patience"] is None)


def searched(folder: Path, loss_of: Any, search: dict[str, Any] = SEARCH, **settings: Any) -> list[dict[str, Any]]:
    """Returns the values that a search tries, in their order, then the best ones."""
    values: list[dict[str, Any]] = []

    def note(tried: Mapping[str, Any]) -> float | None:
        values.append(dict(tried))
        return loss_of(tried)

    tuner = Search(read_space(search, RECIPE), TunerSettings(search=search, **settings), note, str(folder))
    tuner.search()
    return [*values, values_of(tuner.get_best_hyperparameters()[0].values)]


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_the_best_values_are_those_of_the_lowest_loss_and_the_seed_decides_what_is_tried(
    tmp_path: Path, algorithm: str
) -> None:
    *tried, best = searched(tmp_path / "one", distance, algorithm=algorithm, trials=8)
    assert len(tried) == 8
    assert all(0.0001 <= values["trainer.learning_rate"] <= 0.01 for values in tried)
    assert {values["trainer.early_stopping_patience"] for values in tried} == {None, 5}
    assert best == min(tried, key=distance)
    assert searched(tmp_path / "two", distance, algorithm=algorithm, trials=8) == [*tried, best]
    assert searched(tmp_path / "three", distance, algorithm=algorithm, trials=10)[:8] == tried
    assert searched(tmp_path / "four", distance, algorithm=algorithm, trials=8, seed=2) != [*tried, best]


def test_numbers_from_ranges_are_short_enough_for_a_recipe(tmp_path: Path) -> None:
    for values in searched(tmp_path, distance, algorithm="random", trials=4):
        assert float(f"{values['trainer.learning_rate']:.4g}") == values["trainer.learning_rate"]


def test_a_small_space_is_tried_once(tmp_path: Path) -> None:
    search = {"trainer.optimizer": ["adam", "sgd"], "trainer.augmentation.flip": [False, True]}
    *tried, _ = searched(tmp_path, lambda values: 1.0, search, algorithm="random", trials=20)
    assert len(tried) == 4
    assert {(values["trainer.optimizer"], values["trainer.augmentation.flip"]) for values in tried} == {
        ("adam", False),
        ("adam", True),
        ("sgd", False),
        ("sgd", True),
    }


def test_trials_that_diverge_are_not_the_best_and_do_not_end_the_search(tmp_path: Path) -> None:
    *tried, best = searched(
        tmp_path, lambda values: None if values["trainer.learning_rate"] < 0.002 else 1.0, algorithm="random", trials=8
    )
    assert len(tried) == 8
    assert best["trainer.learning_rate"] >= 0.002
    with pytest.raises(VisageError, match=r"^tuner.search: all 8 trials failed: they diverged, or"):
        searched(tmp_path / "all", lambda values: None, trials=8)

    assert not (tmp_path / "all").exists(), "what KerasTuner wrote"


def test_other_errors_in_a_trial_end_the_search(tmp_path: Path) -> None:
    def full(values: Mapping[str, Any]) -> float:
        raise VisageError("the disk is full")

    with pytest.raises(VisageError, match=r"^the disk is full$"):
        searched(tmp_path, full)
