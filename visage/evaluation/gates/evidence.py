"""Holds the figures that gates are decided by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from visage.evaluation.adjustment import AdjustedFigures
from visage.evaluation.comparison import Worsening, paired_worsening
from visage.evaluation.gates.gate import Comparison
from visage.evaluation.measurement import Figures
from visage.evaluation.metrics.spec import MetricSpec, Target
from visage.evaluation.slices import Slice
from visage.evaluation.statistics.rates import Rate


@dataclass(frozen=True, eq=False)
class Evidences:
    """The figures that gates are decided by.

    Attributes:
        slices: all records first, then groups.
        candidate: figures of the model.
        others: figures of the models that it is compared with, by role.
        refused: reasons by role why a model cannot be compared with.
        adjusted: figures of the model's groups beside what their ages let expect.
        identical: by role, what both the model and the candidate predict alike for every record.
        age_checks: the rate of each of `EvaluatorSettings.age_checks`; None of a model that predicts no age in years.
    """

    slices: Sequence[Slice]
    candidate: Figures
    others: Mapping[Comparison, Figures]
    refused: Mapping[Comparison, str]
    adjusted: AdjustedFigures
    identical: Mapping[Comparison, Set[Target]] = field(default_factory=dict)
    age_checks: Sequence[Rate | None] = ()

    def worsening(self, spec: MetricSpec, slice: str, role: Comparison) -> Worsening | None:
        """Returns by how much the candidate is worse than another model; None where one of the two has no figure."""
        figure, other = self.candidate[slice].get(spec.name), self.others[role][slice].get(spec.name)
        identical = spec.target in self.identical.get(role, ())
        return paired_worsening(spec, figure, other, identical=identical) if figure and other else None
