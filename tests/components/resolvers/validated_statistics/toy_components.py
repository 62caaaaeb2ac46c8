"""A StatisticsGen with given data: the node before the resolver and ExampleValidator."""

# mypy: disable-error-code="valid-type"

from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import ExampleStatistics

from tests.components.example_validator.drawn_statistics import Faces, write_statistics


@component
def ToyStatisticsGen(statistics: OutputArtifact[ExampleStatistics], men: Parameter[float]) -> None:  # noqa: N802
    """Writes the statistics of a training split with this fraction of men; another fraction is other data."""
    statistics.split_names = write_statistics(Path(statistics.uri), {"train": Faces(men=men).statistics()})
