"""Resolver node for the statistics to compare this run's data with."""

from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics

from components.example_validator.settings import ValidationSettings
from components.resolvers.validated_statistics_strategy import ValidatedStatisticsStrategy


def create_validated_statistics_resolver(candidate: BaseChannel, settings: ValidationSettings) -> Resolver:
    """Creates a resolver whose output `statistics` is of the last run whose data passed validation, or nothing.

    Args:
        candidate: `ExampleStatistics` of this run, which is never resolved.
        settings: of this run's ExampleValidator.
    """
    return Resolver(
        strategy_class=ValidatedStatisticsStrategy,
        config={"settings": settings.model_dump_json()},
        statistics=Channel(type=ExampleStatistics),
        anomalies=Channel(type=ExampleAnomalies),
        candidate=candidate,
    ).with_id("ValidatedStatisticsResolver")
