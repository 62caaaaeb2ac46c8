"""TFX's StatisticsGen, made to work in folders of any name."""

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import BaseChannel

from components.statistics_gen.executor import Executor


def create_statistics_gen(examples: BaseChannel, schema: BaseChannel) -> StatisticsGen:
    """Creates a StatisticsGen that describes every split.

    Args:
        examples: `Examples`, as FaceExampleGen writes them.
        schema: `Schema`, which marks the integers that are categories.
    """
    statistics_gen = StatisticsGen(examples=examples, schema=schema)
    statistics_gen.executor_spec = BeamExecutorSpec(Executor)
    return statistics_gen
