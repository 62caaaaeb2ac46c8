"""Valid settings of rates and batches are accepted, others are refused in one line."""

import pytest
from pydantic import ValidationError

from visage.training.recipe.schedule_settings import ReduceOnPlateau, StepSchedule
from visage.training.settings import TrainerSettings


def test_the_rate_does_not_fall_by_default() -> None:
    assert StepSchedule().epochs == ()
    assert ReduceOnPlateau().patience is None


@pytest.mark.parametrize("epochs", [(0,), (5, 5), (5, 3), (-1, 2)])
def test_the_epochs_of_a_step_schedule_rise(epochs: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="must begin with 1 or more and rise"):
        StepSchedule(epochs=epochs)


def test_a_step_schedule_has_one_factor_or_one_for_each_epoch() -> None:
    assert StepSchedule(epochs=(2, 5), factor=0.5).factors == (0.5, 0.5)
    with pytest.raises(ValidationError, match="must be one number, or 2, as many as epochs"):
        StepSchedule(epochs=(2, 5), factor=(0.5,))


def test_the_parts_of_a_batch_are_equal() -> None:
    assert (
        TrainerSettings(
            network="compact", epochs=1, learning_rate=1, batch_size=64, gradient_accumulation_steps=4
        ).step_size
        == 16
    )
    with pytest.raises(ValidationError, match="must divide batch_size, 64"):
        TrainerSettings(network="compact", epochs=1, learning_rate=1, batch_size=64, gradient_accumulation_steps=5)
