"""The cost that input adds to a training step: steps with real input compared with the same steps from memory."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from benchmarks.cost import Cost, now
from visage import progress
from visage.errors import VisageError
from visage.training.batches import Split, TrainingBatches
from visage.training.objective.losses import losses
from visage.training.objective.metrics import metrics
from visage.training.objective.training_model import TrainingModel
from visage.training.optimization.optimizer import build_optimizer
from visage.training.settings import TrainerSettings

_Learn = Callable[[Iterator[Any]], tf.Tensor]


@dataclass(frozen=True)
class StepCost:
    """The cost of the steps of one network; medians over the rounds.

    Attributes:
        first_epoch: from the request of the first epoch to its first batch, once per training; decodes every image.
        start: the same of the later epochs, once per epoch.
        memory: a step with its batch in memory.
        ratio: of a step with real input to one from memory, with the start of each epoch spread over its steps.
    """

    first_epoch: Cost
    start: Cost
    memory: Cost
    ratio: Cost

    def missed(self, limit: float) -> list[str]:
        """Returns the kinds of time (wall, CPU) whose ratio is above `limit`."""
        return [name for name, ratio in (("clock", self.ratio.wall), ("CPU", self.ratio.cpu)) if ratio > limit]


def measure_steps(split: Split, settings: TrainerSettings, steps: int, rounds: int) -> StepCost:
    """Trains the recipe's network, in turn on the real input and on one batch over and over.

    Args:
        split: training records.
        settings: the recipe.
        steps: of each kind in a round.
        rounds: number of rounds; the two kinds swap their order between rounds.

    Raises:
        VisageError: the split has fewer records than the steps of a round need.
    """
    needed = steps * settings.step_size
    if split.size < needed:
        raise VisageError(
            f"{steps} steps of {settings.network} take {needed} records, and the train split has {split.size}: "
            "lower --steps or give more --records"
        )
    batches = TrainingBatches(split, settings.spec, settings)
    # The records of one round, drawn from the whole split as those of an epoch are.
    drawn = TrainingBatches(split, settings.spec, settings.model_copy(update={"epoch_size": needed}))
    learn = _compiled(settings)
    before = now()
    next(iter(drawn.epoch(0)))
    first_epoch = now() - before
    # Of the same shapes as the real input, whose number of records is unknown, so that both run the same compiled step.
    kept = drawn.epoch(0).take(1).cache().repeat()
    # Traces, compiles, and lets tf.data tune its number of threads.
    _steps(learn, iter(kept), 2)
    _fed(learn, drawn, 0, steps)
    starts, fed, memory = [], [], []
    for number in range(rounds):
        for real in (number % 2 == 0, number % 2 == 1):
            if real:
                start, cost = _fed(learn, drawn, number + 1, steps)
                starts.append(start)
                fed.append(cost)
            else:
                memory.append(_steps(learn, iter(kept), steps))
        progress.report(f"steps of {settings.network}", number + 1, rounds)
    spread = [start / batches.steps for start in starts]
    return StepCost(
        first_epoch,
        _median(starts),
        _median(memory),
        _median([_ratio(one, more, other) for one, more, other in zip(fed, spread, memory, strict=True)]),
    )


def _fed(learn: _Learn, batches: TrainingBatches, epoch: int, steps: int) -> tuple[Cost, Cost]:
    """Returns the cost until an epoch's first step, and the cost of a step."""
    before = now()
    iterator = iter(batches.epoch(epoch))
    next(iterator)
    start = now() - before
    return start, _steps(learn, iterator, steps - 1)


def _steps(learn: _Learn, iterator: Iterator[Any], count: int) -> Cost:
    before = now()
    for _ in range(count):
        float(learn(iterator))
    return (now() - before) / count


def _compiled(settings: TrainerSettings) -> _Learn:
    """Returns Keras's training step, as the Trainer runs it, on the next batch of an iterator; it returns the loss."""
    keras.utils.set_random_seed(settings.seed)
    spec = settings.spec
    keras.config.set_dtype_policy(settings.precision)
    try:
        network = spec.build()
    finally:
        keras.config.set_dtype_policy("float32")
    model = TrainingModel(network, losses(spec), metrics(spec))
    model.compile(build_optimizer(settings))

    step = tf.function(model.train_step, jit_compile=True) if settings.jit_compile else model.train_step

    @tf.function(reduce_retracing=True)
    def learn(iterator: Iterator[Any]) -> tf.Tensor:
        return step(next(iterator))["loss"]

    return learn


def _ratio(fed: Cost, start: Cost, memory: Cost) -> Cost:
    return Cost((fed.wall + start.wall) / memory.wall, (fed.cpu + start.cpu) / memory.cpu)


def _median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))
