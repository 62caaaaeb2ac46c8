"""Every key, range and choice of a search is checked against the recipe before anything runs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visage.training.overrides import with_values
from visage.training.search.space import _OWNERS, Choices, Range, _value, combinations, read_space
from visage.training.settings import TrainerSettings

RECIPE = TrainerSettings(network="compact", epochs=2, batch_size=32, learning_rate=0.001)


def test_ranges_and_lists_are_read_as_the_recipe_holds_their_values() -> None:
    space = read_space(
        {
            "trainer.learning_rate": {"min": "1e-4", "max": 1, "log": True},
            "trainer.batch_size": {"min": 16, "max": 64},
            "trainer.augmentation.rotation": [0, 10, 20.5],
            "trainer.early_stopping_patience": [None, 5],
        },
        RECIPE,
    )
    assert space == {
        "trainer.learning_rate": Range(0.0001, 1.0, log=True),
        "trainer.batch_size": Range(16, 64, log=False),
        "trainer.augmentation.rotation": Choices((0.0, 10.0, 20.5)),
        "trainer.early_stopping_patience": Choices((None, 5)),
    }


def test_lists_and_whole_numbers_have_so_many_combinations_and_ranges_countless() -> None:
    search: dict[str, Any] = {"trainer.optimizer": ["adam", "sgd"], "trainer.batch_size": {"min": 8, "max": 10}}
    assert combinations(read_space(search, RECIPE)) == 6
    search["trainer.learning_rate"] = {"min": 0.1, "max": 0.2}
    assert combinations(read_space(search, RECIPE)) is None


def test_networks_of_the_same_heads_have_the_same_loss_and_can_be_compared() -> None:
    space = read_space({"trainer.network": ["compact", "visage_small"]}, RECIPE)
    assert space == {"trainer.network": Choices(("compact", "visage_small"))}


@pytest.mark.parametrize(
    ("search", "line"),
    [
        ({"momentum": [0.5, 0.9]}, 'momentum: has no effect while trainer.optimizer is "adamw"; change that, or'),
        (
            {"momentum": [0.5, 0.9], "optimizer": ["adam", "adamw"]},
            'momentum: has no effect while trainer.optimizer is "adam" or "adamw"; ',
        ),
        (
            {"distillation.alpha": [0.5, 1]},
            "distillation.alpha: has no effect while trainer.distillation.teacher is n",
        ),
        (
            {"fine_tuning.learning_rate": {"min": 0.1, "max": 0.2}},
            "fine_tuning.learning_rate: has no effect while trainer.fine_tuning.epochs is 0; ",
        ),
        (
            {"fine_tuning.layer_decay": [0.5, 1]},
            "fine_tuning.layer_decay: has no effect while trainer.fine_tuning.ep",
        ),
        (
            {"step_schedule.factor": [0.1, 0.5]},
            r"step_schedule.factor: .* while trainer.step_schedule.epochs is \[\]; ",
        ),
        ({"reduce_on_plateau.factor": [0.1, 0.5]}, "reduce_on_plateau.factor: .*reduce_on_plateau.patience is null; "),
        (
            {"augmentation.erasing_fraction": [0.1, 0.2]},
            "augmentation.erasing_fraction: .*augmentation.erasing is 0.0; ",
        ),
    ],
)
def test_a_key_whose_owner_is_off_cannot_be_searched(search: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=rf"^search.trainer.{line}"):
        read_space({f"trainer.{key}": written for key, written in search.items()}, RECIPE)


@pytest.mark.parametrize(
    "search",
    [
        {"trainer.momentum": [0.5, 0.9], "trainer.optimizer": ["adamw", "sgd"]},
        {"trainer.augmentation.erasing_fraction": [0.1, 0.2], "trainer.augmentation.erasing": {"min": 0, "max": 0.5}},
        {"trainer.step_schedule.factor": [0.1, 0.5], "trainer.step_schedule.epochs": [[], [1]]},
    ],
)
def test_a_key_may_be_searched_together_with_the_owner_that_turns_it_on(search: dict[str, Any]) -> None:
    assert list(read_space(search, RECIPE)) == list(search)


def test_every_owner_is_off_somewhere_as_a_recipe_holds_it() -> None:
    for owner, off in _OWNERS.values():
        for value in off:
            assert _value(with_values(RECIPE, {owner: value}), owner) == value


@pytest.mark.parametrize(
    ("search", "line"),
    [
        ({"trainer.learnin_rate": [1, 2]}, "trainer.learnin_rate: no such key; did you mean trainer.learning_rate?"),
        ({"trainer": {"momentum": [0, 0.9]}}, "trainer: write keys with all their dots, e.g. trainer.batch_size: "),
        ({"trainer.augmentation": [1, 2]}, "trainer.augmentation: no such key; "),
        ({"trainer.epochs": [1, 2]}, "trainer.epochs: cannot be searched: tuner.epochs sets the length of trials"),
        ({"trainer.calibration": ["none", "temperature"]}, "trainer.calibration: cannot be searched: it changes the p"),
        (
            {"trainer.seed": {"min": 1, "max": 9}},
            "trainer.seed: cannot be searched: a seed that trains best does",
        ),
        (
            {"trainer.checkpoint_steps": [10, 500]},
            "trainer.checkpoint_steps: cannot be searched: it sets when a training",
        ),
        ({"trainer.network": ["compact", "cnn_utkface"]}, "trainer.network: 'cnn_utkface' changes the loss, by which"),
        ({"trainer.momentum": [0.5, 1.5]}, "trainer.momentum: 1.5 is not allowed: must be less than 1"),
        ({"trainer.momentum": [0.5]}, r"trainer.momentum: must list two values or more, not \[0.5\]"),
        ({"trainer.momentum": [0.5, "0.5"]}, "trainer.momentum: 0.5 is in the list twice"),
        ({"trainer.momentum": 0.5}, "trainer.momentum: must be a list of values, or {min: NUMBER, max: NUMBER}, not 0"),
        ({"trainer.momentum": {"min": 0.5}}, "trainer.momentum: must be {min: NUMBER, max: NUMBER}, log: true besides"),
        ({"trainer.momentum": {"min": 0.5, "max": 0.5}}, "trainer.momentum: the range is empty: min 0.5 must be below"),
        ({"trainer.momentum": {"min": 0, "max": 0.5, "log": True}}, "trainer.momentum: min must be above 0 where log"),
        ({"trainer.optimizer": {"min": "adam", "max": "sgd"}}, "trainer.optimizer: has no range: list the values to"),
        (
            {"trainer.label_sigma": {"min": 1, "max": 3}},
            "trainer.label_sigma: 1 changes the loss, by which trials",
        ),
        ({"trainer.age_head": [None, "softmax"]}, "trainer.age_head: 'softmax' changes the loss"),
        ({"trainer.fine_tuning.epochs": [0, 5]}, "trainer.fine_tuning.epochs: cannot be searched: tuner.epochs sets"),
        (
            {
                "trainer.gradient_accumulation_steps": {"min": 1, "max": 4},
                "trainer.learning_rate": {"min": 0.1, "max": 0.2},
            },
            ": trainer.gradient_accumulation_steps 3, trainer.learning_rate 0.1 are invalid together: must divide "
            "batch_size, 32",
        ),
        (
            {"trainer.gradient_accumulation_steps": [1, 2], "trainer.batch_size": {"min": 16, "max": 64}},
            ": trainer.gradient_accumulation_steps 2, trainer.batch_size 17 are invalid together: must divide "
            "batch_size, 17",
        ),
    ],
)
def test_a_search_that_the_recipe_refuses_is_an_error_of_one_line(search: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=rf"^search\.?{line}"):
        read_space(search, RECIPE)


@given(st.floats(1e-6, 1), st.floats(0, 0.5))
def test_values_replace_those_of_the_recipe_and_nothing_else_changes(rate: float, zoom: float) -> None:
    changed = with_values(RECIPE, {"trainer.learning_rate": rate, "trainer.augmentation.zoom": zoom})
    augmentation = RECIPE.augmentation.model_copy(update={"zoom": zoom})
    assert changed == RECIPE.model_copy(update={"learning_rate": rate, "augmentation": augmentation})
