"""Puts what others published on a data set beside the figures of a model; `published.yaml` holds their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from visage.data.datasets import published_sources
from visage.errors import VisageError, quoted
from visage.evaluation.evaluation import Evaluation, SliceFigures
from visage.evaluation.metrics import METRICS
from visage.evaluation.predictions.table import CANDIDATE
from visage.saved_model.metadata import TrainingProvenance
from visage.settings import Settings, plain_message

CAPTION = "published, other test split: context, no comparison"

_FILE = Path(__file__).with_name("published.yaml")


class PublishedFigure(Settings):
    """One entry of the file, whose first lines explain the keys."""

    system: str = Field(min_length=1)
    recipe: str | None = None
    dataset: tuple[str, ...] = Field(min_length=1)
    data: str = Field(min_length=1)
    metric: str
    value: float
    deviation: float | None = Field(None, ge=0)
    unit: str
    source: str = Field(min_length=1)

    @field_validator("dataset")
    @classmethod
    def _are_sources(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            if source not in published_sources():
                raise ValueError(f"must be among {', '.join(published_sources())}, not {quoted(source)}")
        return sources

    @field_validator("metric")
    @classmethod
    def _is_a_metric(cls, name: str) -> str:
        if name not in METRICS:
            raise ValueError(f"must be the name of a metric, not {quoted(name)}")
        return name

    @model_validator(mode="after")
    def _has_the_unit_of_the_metric(self) -> PublishedFigure:
        unit = METRICS[self.metric].unit.symbol
        if self.unit != unit:
            raise ValueError(f"unit: must be {quoted(unit)}, that of {self.metric}, not {quoted(self.unit)}")
        return self

    @property
    def text(self) -> str:
        """Returns the figure with all digits that were published, e.g. '57.1 ± 5.3 %'."""
        deviation = "" if self.deviation is None else f" ± {self.deviation:g}"
        return f"{self.value:g}{deviation} {self.unit}".rstrip()


@dataclass(frozen=True)
class PublishedRow:
    """A published figure beside that of a model on the same data set, as text.

    Attributes:
        system: what was measured.
        recipe: ours that rebuilds it; None: there is none.
        data: its data set and split.
        metric: its name.
        title: the metric, for people.
        published: the figure, as published.
        own: the model's, with its interval.
        source: where the figure was published.
    """

    system: str
    recipe: str | None
    data: str
    metric: str
    title: str
    published: str
    own: str
    source: str


def read_published(path: Path = _FILE) -> list[PublishedFigure]:
    """Reads the published figures.

    Raises:
        VisageError: the file is missing or damaged.
    """
    import yaml

    try:
        return TypeAdapter(list[PublishedFigure]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise VisageError(f"{path}: {_place(first['loc'])}{plain_message(first)}; correct the file") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = str(error).partition("\n")[0]
        raise VisageError(f"{path}: cannot be read: {reason}; install VisAge again") from None


def published_beside(
    evaluation: Evaluation, trainings: Sequence[TrainingProvenance] | None, path: Path = _FILE
) -> list[PublishedRow]:
    """Returns the published figures on the data sets of an evaluation, where the model has the same figure.

    A row of several data sets stands beside a test split of exactly these.

    Args:
        evaluation: by source; without the groups of `source`, its data sets are unknown and there are no rows.
        trainings: of the model; None: unknown. Nothing is published on drawn portraits.
        path: the file of the published figures.

    Raises:
        VisageError: as `read_published`.
    """
    if any(training.drawn for training in trainings or ()):
        return []
    parts = {part.values["source"]: part for part in evaluation.groups if "source" in part.values}
    rows = []
    for figure in read_published(path):
        whole = set(figure.dataset) == parts.keys()
        part = evaluation.overall if whole else parts.get(figure.dataset[0]) if len(figure.dataset) == 1 else None
        if part is not None and (own := _own(part, figure.metric)) is not None:
            rows.append(
                PublishedRow(
                    system=figure.system,
                    recipe=figure.recipe,
                    data=figure.data,
                    metric=figure.metric,
                    title=METRICS[figure.metric].title,
                    published=figure.text,
                    own=own,
                    source=figure.source,
                )
            )
    return rows


def _own(part: SliceFigures, metric: str) -> str | None:
    """Returns the model's figure with its interval, e.g. '94.4 % (93.6 to 95.1)'; None: it was not measured."""
    figure, unit = part.figures[CANDIDATE].get(metric), METRICS[metric].unit
    if figure is None or figure.value is None:
        return None
    if figure.interval is None:
        return unit.text(figure.value)
    return f"{unit.text(figure.value)} ({unit.interval(figure.interval.low, figure.interval.high)})"


def _place(location: tuple[Any, ...]) -> str:
    """Returns where an error is, e.g. 'entry 3: metric: '."""
    names = [f"entry {part + 1}" if number == 0 else str(part) for number, part in enumerate(location)]
    return "".join(f"{name}: " for name in names)
