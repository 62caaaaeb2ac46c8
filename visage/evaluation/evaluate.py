"""Evaluates the models of a prediction table: figures on every slice, gaps between groups, gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from visage.data.labels import UNKNOWN
from visage.evaluation.adjustment import AdjustedFigures, adjust, gaps_of
from visage.evaluation.breakdowns import break_down
from visage.evaluation.evaluation import Change, Evaluation, Gap, SliceFigures
from visage.evaluation.gates.decide import decide
from visage.evaluation.gates.evidence import Evidences
from visage.evaluation.gates.gate import COMPARISONS, Comparison, blessed
from visage.evaluation.measurement import Figure, Figures, Measured, measure_slices
from visage.evaluation.metrics import adjustable_metrics, limited_metrics, metrics_of
from visage.evaluation.metrics.spec import MetricSpec, Target
from visage.evaluation.predictions.table import CANDIDATE, PredictionTable
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.slices import OVERALL, Slice, all_pairs, groups_of, slices_of
from visage.evaluation.standardization import equal_ages_and_genders
from visage.evaluation.statistics import intervals
from visage.evaluation.thresholds import check_legal_ages, false_positive_rate


def evaluate(
    table: PredictionTable,
    settings: EvaluatorSettings,
    refused: Mapping[Comparison, str] | None = None,
    independence_unknown: Mapping[Comparison, str] | None = None,
) -> Evaluation:
    """Evaluates the candidate of a table, beside the models that it is compared with.

    Args:
        table: with the outputs of 'candidate', and of 'baseline' and 'reference' where there are such models.
        settings: groups and limits.
        refused: reasons by role why a model that is there is not compared with; the limits on a change then fail.
        independence_unknown: reasons by role why nobody knows whether a model was trained on faces of the table.
    """
    truths = table.truths
    clusters = intervals.clusters_of(truths.identity, truths.key)
    slices = slices_of(truths, clusters, settings.features, all_pairs(settings.features) if settings.pairs else ())
    roles = [CANDIDATE, *(role for role in COMPARISONS if role in table.outputs)]
    replicates = intervals.replicates_of(len(table))
    figures = {role: _figures(table, role, slices, clusters, replicates) for role in roles}
    adjusted = adjust(table, CANDIDATE, slices[1:], clusters, replicates)
    found = Evidences(
        slices=slices,
        candidate=figures[CANDIDATE],
        others={role: figures[role] for role in COMPARISONS if role in figures},
        refused=refused or {},
        adjusted=adjusted,
        identical={role: _identical(table, role) for role in COMPARISONS if role in figures},
        age_checks=[
            false_positive_rate(truths, table.outputs[CANDIDATE], clusters, check.legal_age, check.challenge_age)
            for check in settings.age_checks
        ],
    )
    gates = decide(settings, found)
    return Evaluation(
        blessed=blessed(gates),
        named_fraction=float(np.mean(truths.identity != UNKNOWN)) if len(truths) else 0.0,
        slices=[
            SliceFigures(
                name=part.name,
                values=part.values,
                records=len(part),
                people=part.people,
                figures={role: _measured(of_role[part.name]) for role, of_role in figures.items()},
                adjusted=_measured({name: each.figure for name, each in adjusted[part.name].items()})
                if part.values
                else _balanced(table, part, clusters, replicates),
            )
            for part in slices
        ],
        gaps=list(_gaps(settings, slices, adjusted)),
        gates=gates,
        legal_ages=check_legal_ages(truths, table.outputs[CANDIDATE], slices, clusters),
        breakdown=break_down(truths, table.outputs[CANDIDATE], clusters),
        changes=list(_changes(found)),
        min_people=settings.min_people,
        independence_unknown=independence_unknown or {},
    )


def _identical(table: PredictionTable, role: Comparison) -> set[Target]:
    """Returns what a model predicts for every record exactly as the candidate does."""
    own, others = table.outputs[CANDIDATE].by_target(), table.outputs[role].by_target()
    return {target for target in own.keys() & others if np.array_equal(own[target], others[target], equal_nan=True)}


def _compared() -> list[MetricSpec]:
    """Returns the metrics that are compared between groups and models."""
    return [spec for spec, _ in limited_metrics()]


def _figures(
    table: PredictionTable, role: str, slices: Sequence[Slice], clusters: np.ndarray, replicates: int
) -> Figures:
    """Returns every metric of all records and of groups, and of pairs of groups those that can be limited."""
    pairs = [part for part in slices if len(part.values) > 1]
    others = [part for part in slices if len(part.values) <= 1]
    return {
        **measure_slices(table, role, others, metrics_of("evaluation"), clusters, replicates=replicates),
        **measure_slices(table, role, pairs, _compared(), clusters, replicates=replicates),
    }


def _balanced(table: PredictionTable, overall: Slice, clusters: np.ndarray, replicates: int) -> dict[str, Measured]:
    """Returns the figures of all records as if every age and gender occurred alike."""
    standard = equal_ages_and_genders(table.truths)
    found = measure_slices(table, CANDIDATE, [overall], _compared(), clusters, standard, replicates)
    return _measured(found.get(OVERALL, {}))


def _gaps(settings: EvaluatorSettings, slices: Sequence[Slice], adjusted: AdjustedFigures) -> Iterator[Gap]:
    for feature in settings.features:
        groups = groups_of(slices, feature)
        for spec in adjustable_metrics():
            for name, (found, interval) in gaps_of(spec, groups, adjusted, settings.min_people).items():
                if found.gap.value is not None:
                    yield Gap(name, spec.name, found.gap.value, interval)


def _changes(found: Evidences) -> Iterator[Change]:
    for role in found.others:
        for spec in _compared():
            change = found.worsening(spec, OVERALL, role)
            if change is not None:
                yield Change(spec.name, role, change.value, change.interval)


def _measured(figures: Mapping[str, Figure]) -> dict[str, Measured]:
    return {
        name: Measured(figure.value, figure.records, figure.people, figure.interval) for name, figure in figures.items()
    }
