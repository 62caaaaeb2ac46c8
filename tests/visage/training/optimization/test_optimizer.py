"""The rate of every step follows the recipe's schedule; a batch in parts equals the whole batch."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.drawn_crops import people, write_split
from visage.networks import cnn_utkface
from visage.training.batches import open_split
from visage.training.optimization.optimizer import build_optimizer, learning_rate
from visage.training.recipe.schedule_settings import ReduceOnPlateau, StepSchedule
from visage.training.settings import TrainerSettings
from visage.training.train import train

RECIPE = TrainerSettings(network="cnn_utkface", epochs=10, learning_rate=0.5, schedule="constant")


def test_a_constant_rate_stays() -> None:
    assert {learning_rate(RECIPE, 7, done, []) for done in range(70)} == {0.5}


def test_cosine_is_that_of_keras() -> None:
    settings = RECIPE.model_copy(update={"schedule": "cosine"})
    of_keras = keras.optimizers.schedules.CosineDecay(0.5, 70)
    for done in (0, 1, 35, 69):
        assert learning_rate(settings, 7, done, []) == pytest.approx(float(of_keras(done)), abs=1e-6)


def test_a_rate_warms_up_to_that_of_its_schedule() -> None:
    settings = RECIPE.model_copy(update={"warmup_steps": 4})
    rates = [learning_rate(settings, 7, done, []) for done in (0, 1, 3, 4, 60)]
    assert rates == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])


def test_a_step_schedule_falls_at_the_start_of_its_epochs() -> None:
    settings = RECIPE.model_copy(update={"step_schedule": StepSchedule(epochs=(2, 5), factor=0.1)})
    rates = [learning_rate(settings, 7, done, []) for done in (13, 14, 34, 35)]
    assert rates == pytest.approx([0.5, 0.05, 0.05, 0.005])


def test_each_epoch_of_a_step_schedule_may_have_a_factor_of_its_own() -> None:
    settings = RECIPE.model_copy(update={"step_schedule": StepSchedule(epochs=(2, 5), factor=(0.1, 1.6))})
    assert [learning_rate(settings, 7, done, []) for done in (13, 14, 35)] == pytest.approx([0.5, 0.05, 0.08])


def test_on_a_plateau_the_rate_falls_again_and_again() -> None:
    settings = RECIPE.model_copy(update={"reduce_on_plateau": ReduceOnPlateau(factor=0.5, patience=2)})
    losses = [3.0, 2.0, 2.0, 2.1, 2.2, 2.3, 1.0, 1.1]
    rates = [learning_rate(settings, 7, 7 * epoch, losses[:epoch]) for epoch in range(len(losses) + 1)]
    assert rates == pytest.approx([0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125])


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_a_recipe_names_its_optimizer(name: str, kind: str) -> None:
    settings = TrainerSettings(
        network="compact", epochs=1, learning_rate=0.1, optimizer=name, momentum=0.8, weight_decay=0.02
    )
    optimizer = build_optimizer(settings)
    assert type(optimizer).__name__ == kind
    assert optimizer.weight_decay == 0.02
    assert getattr(optimizer, "momentum", 0.8) == 0.8


def test_biases_and_scales_do_not_decay() -> None:
    optimizer = build_optimizer(RECIPE.model_copy(update={"weight_decay": 0.5}))
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    kernel, bias = layer.trainable_variables
    optimizer.build([kernel, bias])
    bias.assign(np.ones(3))
    before = kernel.numpy()
    optimizer.apply([np.zeros((2, 3), np.float32), np.zeros(3, np.float32)])
    np.testing.assert_allclose(kernel.numpy(), 0.75 * before)
    np.testing.assert_array_equal(bias.numpy(), np.ones(3))


def test_a_batch_in_parts_trains_as_the_whole_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cnn_utkface, "_DROPOUT", 0.0)
    known = [person for person in people(20, seed=1) if person.age is not None and person.gender != "unknown"][:8]
    split = open_split("train", [str(write_split(tmp_path, "train", known))])
    settings = TrainerSettings(
        network="cnn_utkface",
        epochs=1,
        batch_size=8,
        optimizer="sgd",
        learning_rate=1e-3,
        augmentation={"flip": False, "shift": 0, "brightness": 0, "contrast": 0},
    )
    whole, in_parts = (
        train(split, split, settings.model_copy(update={"gradient_accumulation_steps": parts}), str(tmp_path))
        for parts in (1, 4)
    )
    for one, other in zip(whole.get_weights(), in_parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_warm_up_counts_updates_not_the_parts_of_their_batches() -> None:
    settings = RECIPE.model_copy(update={"warmup_steps": 4, "batch_size": 4, "gradient_accumulation_steps": 2})
    rates = [learning_rate(settings, 7, done, []) for done in (0, 1, 2, 3, 7, 8)]
    assert rates == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.4, 0.5])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_weight_with_a_fraction_of_the_rate_moves_by_that_fraction(optimizer: str) -> None:
    moved = []
    for fraction in (1.0, 0.1):
        first, last = (keras.layers.Dense(1, use_bias=False, kernel_initializer="ones") for _ in range(2))
        network = keras.Sequential([keras.Input((1,)), first, last])
        settings = RECIPE.model_copy(update={"optimizer": optimizer})
        network.compile(build_optimizer(settings, {first.kernel.path: fraction}), loss="mse")
        network.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
        moved.append([float(layer.kernel[0, 0]) - 1 for layer in (first, last)])
    whole, shared = moved
    assert shared == pytest.approx([0.1 * whole[0], whole[1]], rel=1e-4)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_weight_with_a_fraction_of_the_rate_decays_by_that_fraction(optimizer: str) -> None:
    settings = RECIPE.model_copy(update={"optimizer": optimizer, "weight_decay": 0.2})
    weights = [keras.Variable([1.0], name=f"kernel_{number}") for number in range(2)]
    decaying = build_optimizer(settings, {weights[0].path: 0.1})
    decaying.apply([keras.ops.zeros(1)] * 2, weights)
    assert [float(weight[0]) for weight in weights] == pytest.approx([1 - 0.1 * 0.2 * 0.5, 1 - 0.2 * 0.5])
