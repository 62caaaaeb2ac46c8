"""Holds the result of an evaluation, and writes and reads it as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from visage.data.labels import Feature
from visage.errors import VisageError
from visage.evaluation.breakdowns import Breakdown
from visage.evaluation.gates.gate import Comparison, Gate
from visage.evaluation.measurement import Measured
from visage.evaluation.metrics import METRICS
from visage.evaluation.metrics.spec import Scores
from visage.evaluation.statistics.intervals import LEAST_PEOPLE, Interval
from visage.evaluation.thresholds import LegalAgeCheck
from visage.evaluation.waivers import Waiver
from visage.files import write_atomically

# In the artifact of an evaluation.
EVALUATION_FILE = "evaluation.json"
PREDICTIONS_FOLDER = "predictions"


@dataclass(frozen=True)
class SliceFigures:
    """The figures of the models on one slice of the test records.

    Attributes:
        name: 'overall', or e.g. 'gender female'.
        values: value by feature; empty for all records.
        records: number of records.
        people: number of people that they show.
        figures: by the model's role ('candidate', 'baseline', 'reference'), then by metric.
        adjusted: figures of the candidate by metric, as if the group had the ages of all records; of all records, as if
            every age and gender occurred alike.
    """

    name: str
    values: Mapping[Feature, str]
    records: int
    people: int
    figures: Mapping[str, Mapping[str, Measured]]
    adjusted: Mapping[str, Measured]

    def scores(self, role: str = "candidate") -> Scores:
        """Returns the values of a model's metrics, by name."""
        return {name: figure.value for name, figure in self.figures.get(role, {}).items()}

    @property
    def exact_ages(self) -> int | None:
        """Returns the number of records with an exact age, which figures in years are of; None without such figures."""
        figure = self.figures["candidate"].get("age_mae")
        return None if figure is None else figure.records

    def why_not_measured(self, metric: str) -> str | None:
        """Returns the reason why a figure of the candidate is None, in one line; None where it was measured."""
        figure = self.figures["candidate"].get(metric)
        if figure is None:
            return METRICS[metric].not_predicted
        if figure.value is not None:
            return None
        return METRICS[metric].undefined if figure.records else METRICS[metric].no_truths

    def why_no_interval(self, metric: str) -> str | None:
        """Returns why a figure of the candidate has no interval, in a few words; None where it has one, or no value."""
        figure = self.figures["candidate"].get(metric)
        if figure is None or figure.value is None or figure.interval is not None:
            return None
        if METRICS[metric].of_people is not None:
            # People who are drawn twice look like a miscalibration, which its debiasing cannot tell from a true one.
            return "its bootstrap is biased"
        if figure.people < LEAST_PEOPLE:
            return f"under {LEAST_PEOPLE} people"
        return "undefined in many draws"


@dataclass(frozen=True)
class Gap:
    """By how much a group is worse than all records of the same ages (negative: better).

    Attributes:
        slice: name of the group.
        metric: whose figure.
        value: in the unit of the metric.
        interval: holds with 95 % confidence together with those of the other groups of the feature; None where there
            is none.
    """

    slice: str
    metric: str
    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Change:
    """By how much the candidate is worse than another model on all records (negative: better).

    Attributes:
        metric: whose figure.
        compared_with: 'baseline' or 'reference'.
        value: in the unit of the metric.
        interval: of 95 % confidence, paired: both models predict the same records of the same drawn people; None where
            there is none.
    """

    metric: str
    compared_with: Comparison
    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Evaluation:
    """The result of one evaluation.

    Attributes:
        blessed: whether no gate failed.
        named_fraction: of the records, 0..1, those whose person is known. The others count as a person each, which
            makes intervals too narrow where one person has several records.
        slices: all records first, then the groups, then pairs of groups.
        gaps: of the groups with enough people.
        gates: one for each limit.
        legal_ages: the candidate as a check of legal ages; empty of a model that predicts no age in years.
        breakdown: the candidate's errors in detail.
        changes: against each other model, of the metrics that can be limited.
        waiver: lets the model through if it covers each gate that failed; None without one.
        looks: number of models that were measured on this test split, this one included; None: not known.
        min_people: number of people below which a group is shown and not gated.
        independence_unknown: reasons by role why nobody knows whether a compared model was trained on faces of this
            test split; its figures may then be too good.
    """

    blessed: bool
    named_fraction: float
    slices: Sequence[SliceFigures]
    gaps: Sequence[Gap]
    gates: Sequence[Gate]
    legal_ages: Sequence[LegalAgeCheck]
    breakdown: Breakdown
    changes: Sequence[Change] = ()
    looks: int | None = None
    waiver: Waiver | None = None
    min_people: int = 30
    independence_unknown: Mapping[Comparison, str] = field(default_factory=dict)

    @property
    def waived(self) -> bool:
        """Returns whether gates failed, and the waiver covers each of them."""
        return self.waiver is not None and self.waiver.lets_through(self.gates)

    @property
    def may_be_pushed(self) -> bool:
        """Returns whether no gate failed, or a waiver lets the model through."""
        return self.blessed or self.waived

    @property
    def overall(self) -> SliceFigures:
        """Returns the figures on all records."""
        return self.slices[0]

    @property
    def groups(self) -> list[SliceFigures]:
        """Returns the figures on the groups of a single feature."""
        return [part for part in self.slices if len(part.values) == 1]

    def compares_with(self, role: str) -> bool:
        """Returns whether a model of this role ('baseline', 'reference') was measured as well."""
        return role in self.overall.figures


_ADAPTER = TypeAdapter(Evaluation)


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Returns an evaluation as JSON values, as `evaluation.json` holds it."""
    return _ADAPTER.dump_python(evaluation, mode="json")


def from_json(document: Any) -> Evaluation:
    """Reads what `to_json` returned.

    Raises:
        pydantic.ValidationError: it was written by another version.
    """
    return _ADAPTER.validate_python(document)


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Writes an evaluation as JSON.

    Raises:
        VisageError: the folder is missing, not writable, or full.
    """
    write_atomically(path, _ADAPTER.dump_json(evaluation, indent=1) + b"\n")


def read_evaluation(path: Path) -> Evaluation:
    """Reads what `write_evaluation` wrote.

    Raises:
        VisageError: the file is missing or was written by another version.
    """
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise VisageError(f"{path}: cannot be read: {error.strerror}; evaluate the model again") from None
    except ValidationError:
        raise VisageError(f"{path}: is no evaluation of this version; evaluate the model again") from None
