"""The node that finds the data to compare this run's data with."""

from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics

from components.example_validator.settings import ValidationSettings
from components.resolvers.validated_statistics_strategy import ValidatedStatisticsStrategy


def create_latest_passed_statistics(candidate: BaseChannel, settings: ValidationSettings) -> Resolver:
    """A resolver whose output `statistics` is that of the last run whose data passed ExampleValidator, or nothing.

    Args:
        candidate: `ExampleStatistics` of this run; it is never the answer.
        settings: what this run's ExampleValidator will be given.
    """
    return Resolver(
        strategy_class=ValidatedStatisticsStrategy,
        config={"settings": settings.model_dump_json()},
        statistics=Channel(type=ExampleStatistics),
        anomalies=Channel(type=ExampleAnomalies),
        candidate=candidate,
    ).with_id("ValidatedStatisticsResolver")
