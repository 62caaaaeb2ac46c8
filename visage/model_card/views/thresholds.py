"""Shows a model as a check of legal ages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from visage.evaluation.evaluation import Evaluation
from visage.evaluation.metrics.spec import FRACTION
from visage.evaluation.statistics.rates import Rate
from visage.evaluation.thresholds import Challenge, LegalAgeCheck
from visage.html.page import NOTHING, thousands
from visage.model_card.plots import svg
from visage.model_card.plots.axis import Axis, round_axis
from visage.model_card.plots.dots import Lane, lanes, scale
from visage.model_card.views.breakdown import percent, years
from visage.model_card.views.figures import Row, Rows, with_interval

_FRACTION = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
# The second target is drawn as the other series.
_KINDS = ("candidate", "reference")


@dataclass(frozen=True)
class Threshold:
    """One row of the table of thresholds, as text.

    Attributes:
        target: e.g. 'at most 5 %'.
        by: what is compared with the threshold.
        threshold: years, or a probability; a dash where none meets the target.
        safe_threshold: the same; a dash where no interval meets the target.
        false_positives: of the people below the legal age, with the interval.
        false_negatives: of the others, with the interval.
    """

    target: str
    by: str
    threshold: str
    safe_threshold: str
    false_positives: str
    false_negatives: str


@dataclass(frozen=True)
class LegalAge:
    """What the card shows of one legal age.

    Attributes:
        legal_age: years.
        below: number of records below it.
        smallest: smallest false positive rate that the test split can show; None without a record below the age.
        at_legal_age: false positives without a challenge age.
        thresholds: by target and by what is compared.
        chart: who passes, by year of true age; None where no threshold meets a target.
        groups: false positive rates by group at the challenge age of the first target, then false negative rates; those
            that there are.
    """

    legal_age: int
    below: int
    smallest: str | None
    at_legal_age: str
    thresholds: Sequence[Threshold]
    chart: Markup | None
    groups: Sequence[Rows]


def legal_ages(evaluation: Evaluation) -> list[LegalAge]:
    """Returns what the card shows of each legal age; none of a model that predicts no age in years."""
    return [
        LegalAge(
            legal_age=check.legal_age,
            below=check.at_legal_age.records,
            smallest=None if check.smallest_rate is None else FRACTION.text(check.smallest_rate),
            at_legal_age=_rate(check.at_legal_age),
            thresholds=list(_thresholds(check)),
            chart=_chart(check),
            groups=list(_groups(check, evaluation)),
        )
        for check in evaluation.legal_ages
    ]


def _rate(rate: Rate | None) -> str:
    if rate is None or rate.value is None:
        return NOTHING
    text = with_interval(FRACTION, rate.value, rate.interval)
    return text.replace(" (", " % (") if rate.interval else f"{text} %"


def _thresholds(check: LegalAgeCheck) -> Iterator[Threshold]:
    kinds = (
        ("estimated age", check.by_age, lambda value: f"{value:.0f} years"),
        (f"P(age ≥ {check.legal_age})", check.by_probability, lambda value: f"{value:.2f}"),
    )
    for by, challenges, text in kinds:
        for challenge in challenges:
            yield Threshold(
                target=f"at most {100 * challenge.target:g} %",
                by=by,
                threshold=_at_least(challenge.threshold, text),
                safe_threshold=_at_least(challenge.safe_threshold, text),
                false_positives=_rate(challenge.false_positives),
                false_negatives=_rate(challenge.false_negatives),
            )


def _at_least(threshold: float | None, text: Callable[[float], str]) -> str:
    return NOTHING if threshold is None else f"≥ {text(threshold)}"


def _chart(check: LegalAgeCheck) -> Markup | None:
    drawn = [(kind, each) for kind, each in zip(_KINDS, check.by_age, strict=False) if each.by_year]
    if not drawn:
        return None
    found = [year for _, challenge in drawn for year in challenge.by_year]
    first, last = min(found), max(found)
    x = Axis(first - 0.5, last + 0.5, tuple(float(year) for year in range(first, last + 1) if year % 3 == 0))
    body = [svg.upright(x, check.legal_age - 0.5, "limit", f"legal age {check.legal_age}")]
    for place, (kind, challenge) in enumerate(drawn):
        body += _passing(x, challenge, kind, shift=0.16 * (2 * place - 1) if len(drawn) > 1 else 0.0)
    targets = " and ".join(f"{years(each.threshold or 0)} (target {100 * each.target:g} %)" for _, each in drawn)
    return svg.frame(
        body,
        title=f"Who passes at challenge age {targets}",
        description="Fraction of the people of each year of true age who pass, with 95 % intervals.",
        x=x,
        y=_FRACTION,
        x_text=years,
        y_text=percent,
        x_label="true age, completed years",
    )


def _passing(x: Axis, challenge: Challenge, kind: str, shift: float) -> Iterator[Markup]:
    known = [(year + shift, rate) for year, rate in sorted(challenge.by_year.items()) if rate.value is not None]
    yield svg.line(x, _FRACTION, [(place, rate.value or 0.0) for place, rate in known], f"{kind} thin")
    for place, rate in known:
        low, high = (rate.interval.low, rate.interval.high) if rate.interval else (None, None)
        title = f"{place - shift:.0f} years: {_rate(rate)} pass, {thousands(rate.records)} records"
        yield svg.point(x, _FRACTION, place, rate.value or 0.0, low, high, kind, title)


def _groups(check: LegalAgeCheck, evaluation: Evaluation) -> Iterator[Rows]:
    challenge = check.by_age[0]
    if challenge.threshold is None:
        return
    at = f"at challenge age {challenge.threshold:.0f}, by group (%)"
    for who, rates in (
        (f"People under {check.legal_age} who pass", challenge.false_positives_by_group),
        (f"People of {check.legal_age} or more who are stopped", challenge.false_negatives_by_group),
    ):
        if rates:
            yield _rows(f"{who} {at}", rates, evaluation.min_people)


def _rows(title: str, rates: Mapping[str, Rate], min_people: int) -> Rows:
    found = {name: rate for name, rate in rates.items() if rate.value is not None}
    ends = [end for rate in found.values() for end in (rate.value or 0, rate.interval.high if rate.interval else 0.0)]
    axis = round_axis(ends, zero=True, most=4, within=Axis(0, 1, ()))
    rows = []
    for name, rate in found.items():
        lane = Lane(
            "candidate", rate.value or 0.0, rate.interval, with_interval(FRACTION, rate.value or 0, rate.interval)
        )
        note = f"{thousands(rate.people)} {'person' if rate.people == 1 else 'people'}"
        rows.append(Row(name.replace("_", " "), note, [lane], lanes([lane], axis), few=rate.people < min_people))
    digits = max(0, axis.digits - 2)
    return Rows(title, rows, scale(axis, lambda value: f"{100 * value:.{digits}f}"))
