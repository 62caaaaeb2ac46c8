"""Simulations of intervals and gates, whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.evaluation import simulated
from benchmarks.evaluation.simulated import Model, People, draw_people, predict, table
from visage import progress
from visage.evaluation.adjustment import adjust
from visage.evaluation.evaluate import evaluate
from visage.evaluation.measurement import measure_slices
from visage.evaluation.metrics import METRICS
from visage.evaluation.predictions.table import CANDIDATE
from visage.evaluation.settings import EvaluatorSettings
from visage.evaluation.slices import OVERALL, slices_of
from visage.evaluation.statistics import intervals
from visage.evaluation.statistics.intervals import clusters_of

COVERED = ("age_mae", "age_rmse", "age_bias", "age_error_q90", "age_cs5", "gender_accuracy", "gender_recall_female")
SLICE = "race asian"
# People of the sample that stands for the truth.
_MANY = 300_000
# Years lost by each of ten retrains.
SMALL_LOSS = 0.08


@dataclass(frozen=True)
class Rate:
    """How often something happened.

    Attributes:
        what: happened.
        times: that it did.
        of: simulations.
        wanted: bounds of the fraction, 0..1.
    """

    what: str
    times: int
    of: int
    wanted: tuple[float, float]

    @property
    def fraction(self) -> float:
        """Returns the fraction, 0..1; NaN of none."""
        return self.times / self.of if self.of else float("nan")

    @property
    def met(self) -> bool:
        """Returns whether the fraction is within the bounds; a rate of nothing is."""
        return not self.of or self.wanted[0] <= self.fraction <= self.wanted[1]


def coverage(simulations: int, people: int) -> list[Rate]:
    """Returns how often the 95 % intervals of metrics hold the truth, on all records and on a group."""
    metrics = [METRICS[name] for name in COVERED]
    truth = _figures(draw_people(np.random.default_rng(0), _MANY), np.random.default_rng(1), metrics, replicates=0)
    held = dict.fromkeys(truth, 0)
    for number in range(simulations):
        rng = np.random.default_rng(1000 + number)
        found = _figures(draw_people(rng, people), rng, metrics, intervals.REPLICATES)
        for key, figure in found.items():
            interval, value = figure.interval, truth[key].value
            held[key] += interval is not None and value is not None and interval.low <= value <= interval.high
        progress.report("intervals", number + 1, simulations)
    return [
        Rate(f"{slice}: {metric} in its interval", times, simulations, (0.93, 0.97))
        for (slice, metric), times in held.items()
    ]


def coverage_of_few(simulations: int, people: int, wanted: tuple[float, float]) -> list[Rate]:
    """Returns how often an interval of so few people's figures holds the truth, of those that are given."""
    metrics = [METRICS[name] for name in COVERED]
    truth = _figures(draw_people(np.random.default_rng(0), _MANY), np.random.default_rng(1), metrics, replicates=0)
    held, given = dict.fromkeys(COVERED, 0), dict.fromkeys(COVERED, 0)
    for number in range(simulations):
        rng = np.random.default_rng(5000 + number)
        found = _figures(draw_people(rng, people), rng, metrics, intervals.REPLICATES)
        for metric in COVERED:
            interval, value = found[OVERALL, metric].interval, truth[OVERALL, metric].value
            if interval is not None and value is not None:
                given[metric] += 1
                held[metric] += interval.low <= value <= interval.high
        progress.report(f"{people} people", number + 1, simulations)
    return [
        Rate(f"{people} people: {metric} in its interval", held[metric], given[metric], wanted) for metric in COVERED
    ]


def high_end_of_rare(simulations: int, rate: float, correlation: float) -> Rate:
    """Returns how often the high end of the interval of a small fraction lies below the true one.

    Args:
        simulations: number of samples, of 50 people with 10 images each.
        rate: true fraction, 0..1.
        correlation: of two images of a person, 0..1; the fractions of people are drawn from a beta distribution.
    """
    rng = np.random.default_rng(11_000)
    clusters = np.repeat(np.arange(50), 10)
    of_people = 1 / correlation - 1
    below = 0
    for _ in range(simulations):
        chance = rng.beta(rate * of_people, (1 - rate) * of_people, 50)[clusters]
        found = intervals.wilson_interval((rng.random(len(clusters)) < chance).astype(float), clusters)
        below += found is not None and found.high < rate
    what = f"50 people, {rate:.0%} of images, correlation {correlation}: high end below the truth"
    return Rate(what, below, simulations, (0, 0.035))


def gap_of_small_group(simulations: int, people: int) -> Rate:
    """Returns how often the interval of a gap holds 0: of a group as good as others, that is often all right."""
    held = 0
    for number in range(simulations):
        rng = np.random.default_rng(9000 + number)
        drawn = draw_people(rng, 400)
        drawn = replace(drawn, right=drawn.right + 3)
        drawn.truths.race[:] = np.where(drawn.person < people, "asian", "white")
        outputs = predict(rng, drawn, Model())
        clusters = clusters_of(drawn.truths.identity, drawn.truths.key)
        slices = [part for part in slices_of(drawn.truths, clusters, ["race"]) if part.name == SLICE]
        gap = adjust(table(drawn, **{CANDIDATE: outputs}), CANDIDATE, slices, clusters)[SLICE]["gender_accuracy"].gap
        held += gap.interval is not None and gap.interval.low <= 0 <= gap.interval.high
        progress.report("gaps", number + 1, simulations)
    return Rate(f"{people} people: no gap in the interval of a gap", held, simulations, (0.93, 1))


def _figures(people: People, rng: np.random.Generator, metrics: Sequence, replicates: int) -> dict:
    outputs = predict(rng, people, Model())
    clusters = clusters_of(people.truths.identity, people.truths.key)
    slices = [part for part in slices_of(people.truths, clusters, ["race"]) if part.name in ("overall", SLICE)]
    found = measure_slices(
        table(people, **{CANDIDATE: outputs}), CANDIDATE, slices, metrics, clusters, replicates=replicates
    )
    return {(part, metric): figure for part, figures in found.items() for metric, figure in figures.items()}


def blocked(
    what: str,
    simulations: int,
    people: int,
    settings: EvaluatorSettings,
    candidate: Callable[[np.random.Generator, People], dict],
    wanted: tuple[float, float],
    *,
    ages_by_race: bool = False,
) -> Rate:
    """Returns how often a candidate is not blessed.

    Args:
        what: the case, for the table.
        simulations: number of test splits drawn.
        people: in each.
        settings: the gates.
        candidate: draws the outputs by role for a test split.
        wanted: bounds of the fraction, 0..1.
        ages_by_race: as of `draw_people`.
    """
    times = 0
    for number in range(simulations):
        rng = np.random.default_rng(77_000 + number)
        drawn = draw_people(rng, people, ages_by_race=ages_by_race)
        times += not evaluate(table(drawn, **candidate(rng, drawn)), settings).blessed
        progress.report(what, number + 1, simulations)
    return Rate(what, times, simulations, wanted)


def equal_models(rng: np.random.Generator, people: People) -> dict:
    """Draws two trainings of one model."""
    return {"candidate": predict(rng, people, Model()), "baseline": predict(rng, people, Model())}


def children(rng: np.random.Generator, people: People) -> dict:
    """Draws a candidate that learned wrong ages of children, while the overall error stays."""
    outputs = equal_models(rng, people)
    return {**outputs, "candidate": simulated.mislabelled_children(rng, outputs["candidate"], people, years=6.0)}


def one_race(rng: np.random.Generator, people: People) -> dict:
    """Draws a candidate that is 4 years off for one race."""
    shifted = predict(rng, people, Model(bias={SLICE: 4.0}))
    return {"candidate": shifted, "baseline": predict(rng, people, Model())}


def tenth_retrain(rng: np.random.Generator, people: People) -> dict:
    """Draws the tenth of retrains that each lose a little: against the ninth, and against the pinned first."""
    mae = float(np.sqrt(2 / np.pi) * np.sqrt(simulated.PERSON**2 + simulated.IMAGE**2 + simulated.MODEL**2))
    scale = [1 + SMALL_LOSS * number / mae for number in (10, 9, 0)]
    roles = ("candidate", "baseline", "reference")
    return {role: predict(rng, people, Model(each)) for role, each in zip(roles, scale, strict=True)}


def without_reference(rng: np.random.Generator, people: People) -> dict:
    """Draws the same without the pinned model."""
    return {role: each for role, each in tenth_retrain(rng, people).items() if role != "reference"}


def alone(rng: np.random.Generator, people: People) -> dict:
    """Draws a candidate that is compared with no other model."""
    return {"candidate": predict(rng, people, Model())}


def gates(margin: float, **extra: object) -> EvaluatorSettings:
    """Returns gates that compare with other models by `harm`, on all records and on three kinds of groups."""
    return EvaluatorSettings(
        age_mae_max=50,
        gender_accuracy_min=0,
        age_mae_increase_max=margin,
        gender_accuracy_decrease_max=margin / 20,
        slices=["gender", "age_group", "race"],
        **extra,
    )
