"""Shows the errors in detail: by age, by class, by probability and by the quality of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from visage.evaluation.breakdowns import BAND, AgeBand, Breakdown, QualityBand
from visage.evaluation.metrics.spec import FRACTION, YEARS
from visage.evaluation.statistics.intervals import Interval
from visage.evaluation.statistics.rates import Rate
from visage.html.page import thousands
from visage.model_card.plots import svg
from visage.model_card.plots.axis import Axis, round_axis, year_axis
from visage.model_card.plots.dots import Lane, lanes, scale
from visage.model_card.views.figures import Row, Rows, signed, with_interval

_PERCENT = Axis(0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
# By the measure: what it is, for people.
_QUALITY = {
    "face_size": "Distance of the eyes in the photo (pixels)",
    "blur": "Sharpness (variance of the Laplacian; low is blurred)",
    "light": "Light (mean grey level, 0 to 255)",
    "roll": "Tilt of the head (degrees)",
}


def percent(value: float) -> str:
    """Returns a tick of a fraction, e.g. '40 %'."""
    return f"{100 * value:.0f}\u202f%"


def years(value: float) -> str:
    """Returns a tick of years."""
    return signed(f"{value:g}")


def age_charts(breakdown: Breakdown) -> list[Markup]:
    """Returns the absolute and the signed error, by true and by predicted age; none without ages."""
    by = {"candidate": breakdown.by_true_age, "reference": breakdown.by_predicted_age}
    if not any(by.values()):
        return []
    x = year_axis(max(band.age for bands in by.values() for band in bands) + BAND)
    return [
        _age_chart(
            x,
            {kind: [(b, _not_negative(b.mae)) for b in bands] for kind, bands in by.items()},
            "Absolute error by age",
            False,
        ),
        _age_chart(x, {kind: [(b, b.bias) for b in bands] for kind, bands in by.items()}, "Signed error by age", True),
    ]


def _age_chart(x: Axis, series: dict[str, list[tuple[AgeBand, Rate]]], title: str, sign: bool) -> Markup:
    values = [rate.value for bands in series.values() for _, rate in bands if rate.value is not None]
    y = round_axis(values, zero=True)
    body = [svg.across(y, 0.0, "zero")] if sign else []
    for kind, bands in series.items():
        known = [(band.age + BAND / 2, rate) for band, rate in bands if rate.value is not None]
        body += [svg.band(x, y, run, kind) for run in _runs(known) if len(run) > 1]
        body.append(svg.line(x, y, [(age, rate.value or 0.0) for age, rate in known], kind))
        body += [
            svg.point(x, y, age, rate.value or 0.0, None, None, kind, _band_title(age, rate)) for age, rate in known
        ]
    description = "One line by the true age, one by the predicted age; the shades are 95 % intervals."
    return svg.frame(
        body,
        title=title,
        description=description,
        x=x,
        y=y,
        x_text=years,
        y_text=years,
        x_label="age (bands of five years)",
        y_label="years",
    )


def _not_negative(rate: Rate) -> Rate:
    """Returns an absolute error whose interval does not reach below 0, as that of a few people's mean may."""
    if rate.interval is None:
        return rate
    return replace(rate, interval=Interval(max(0.0, rate.interval.low), rate.interval.high))


def _runs(known: Sequence[tuple[float, Rate]]) -> list[list[tuple[float, float, float]]]:
    """Returns the intervals of neighbouring bands of ages together: age, low and high end."""
    runs: list[list[tuple[float, float, float]]] = []
    for age, rate in known:
        if rate.interval is None:
            continue
        if not runs or age - runs[-1][-1][0] > BAND:
            runs.append([])
        runs[-1].append((age, rate.interval.low, rate.interval.high))
    return runs


def _band_title(age: float, rate: Rate) -> str:
    ages = f"{age - BAND / 2:.0f} to {age + BAND / 2 - 1:.0f} years"
    return f"{ages}: {with_interval(YEARS, rate.value or 0.0, rate.interval)} years, {thousands(rate.records)} records"


@dataclass(frozen=True)
class ConfusionCell:
    """A cell of a confusion: `count` records, `fraction` of those of its true class, 0..1; None of an empty class."""

    count: int
    fraction: float | None
    right: bool


def confusion(counts: Sequence[Sequence[int]]) -> list[list[ConfusionCell]]:
    """Returns the cells by true and then by predicted class."""
    return [
        [
            ConfusionCell(count, count / sum(row) if sum(row) else None, true == predicted)
            for predicted, count in enumerate(row)
        ]
        for true, row in enumerate(counts)
    ]


def reliability_chart(breakdown: Breakdown) -> Markup | None:
    """Returns observed fractions of males against predicted probabilities; None without a gender."""
    bins = [each for each in breakdown.gender_reliability if each.observed.records]
    if not bins:
        return None
    body = [svg.line(_PERCENT, _PERCENT, [(0, 0), (1, 1)], "ideal")]
    for each in bins:
        place, observed = each.predicted or 0.0, each.observed
        low, high = (observed.interval.low, observed.interval.high) if observed.interval else (None, None)
        title = f"P(male) {percent(each.low)} to {percent(each.high)}: {percent(observed.value or 0)} are male, "
        title += f"{thousands(observed.records)} records"
        body.append(svg.point(_PERCENT, _PERCENT, place, observed.value or 0.0, low, high, "candidate", title))
    return svg.frame(
        body,
        title="Reliability of P(male)",
        description="Observed fraction of males by predicted probability; on the diagonal the two agree.",
        x=_PERCENT,
        y=_PERCENT,
        x_text=percent,
        y_text=percent,
        x_label="predicted P(male)",
        y_label="observed fraction of males",
    )


def reliability_counts(breakdown: Breakdown) -> Markup | None:
    """Returns the number of records by predicted probability; None without a gender."""
    bins = breakdown.gender_reliability
    if not any(each.observed.records for each in bins):
        return None
    y = round_axis([each.observed.records for each in bins], zero=True, most=4)
    body = [
        svg.bar(
            _PERCENT,
            y,
            each.low,
            each.high,
            each.observed.records,
            "candidate",
            f"P(male) {percent(each.low)} to {percent(each.high)}: {thousands(each.observed.records)} records",
        )
        for each in bins
    ]
    return svg.frame(
        body,
        title="Records by P(male)",
        description="How many records have which predicted probability.",
        x=_PERCENT,
        y=y,
        x_text=percent,
        y_text=thousands,
        x_label="predicted P(male)",
        y_label="records",
        height=90,
    )


def pit_chart(breakdown: Breakdown) -> Markup | None:
    """Returns where the true ages lie in their predicted distributions; None without a distribution."""
    bins = breakdown.age_pit
    if not bins:
        return None
    ends = [end for each in bins if each.fraction.interval for end in (each.fraction.interval.high,)]
    y = round_axis([*(each.fraction.value or 0.0 for each in bins), *ends], zero=True)
    body = []
    for each in bins:
        value = each.fraction.value or 0.0
        title = f"{percent(each.low)} to {percent(each.high)}: {FRACTION.text(value)} of the records"
        body.append(svg.bar(_PERCENT, y, each.low, each.high, value, "candidate soft", title))
        if each.fraction.interval:
            interval = each.fraction.interval
            body.append(svg.upright_whisker(_PERCENT, y, (each.low + each.high) / 2, interval.low, interval.high))
    body.append(svg.across(y, 1 / len(bins), "ideal"))
    return svg.frame(
        body,
        title="Place of the true age in its predicted distribution",
        description="Level where the distributions are right; a U where they are too narrow, a hump where too wide.",
        x=_PERCENT,
        y=y,
        x_text=percent,
        y_text=percent,
        x_label="place in the distribution",
        y_label="fraction of the records",
    )


def quality_rows(breakdown: Breakdown) -> list[Rows]:
    """Returns the errors on quarters of the images, by each measure of quality that is known."""
    found = []
    for measure, title in _QUALITY.items():
        bands = [band for band in breakdown.by_quality if band.measure == measure]
        for what, unit, rates in (
            ("mean absolute error of the age (years)", YEARS, [band.mae and _not_negative(band.mae) for band in bands]),
            ("gender accuracy (%)", FRACTION, [band.gender_accuracy for band in bands]),
        ):
            if any(rate is not None and rate.value is not None for rate in rates):
                found.append(_quality(f"{title}: {what}", bands, rates, unit is FRACTION))
    return found


def _quality(title: str, bands: Sequence[QualityBand], rates: Sequence[Rate | None], fraction: bool) -> Rows:
    unit = FRACTION if fraction else YEARS
    known = [rate for rate in rates if rate is not None and rate.value is not None]
    ends = [
        end
        for rate in known
        for end in (rate.value or 0.0, *((rate.interval.low, rate.interval.high) if rate.interval else ()))
    ]
    axis = round_axis(ends, most=4, within=Axis(0, 1, ()) if fraction else None)
    rows = []
    for band, rate in zip(bands, rates, strict=True):
        found = []
        if rate is not None and rate.value is not None:
            found.append(Lane("candidate", rate.value, rate.interval, with_interval(unit, rate.value, rate.interval)))
        name = f"{_short(band.low)} to {_short(band.high)}"
        note = f"{thousands(rate.records if rate else 0)} records"
        rows.append(Row(name, note, found, lanes(found, axis), missing="" if found else "not measured"))
    digits = max(0, axis.digits - (2 if fraction else 0))
    return Rows(title, rows, scale(axis, lambda value: f"{unit.factor * value:.{digits}f}"))


def _short(value: float) -> str:
    return thousands(value) if abs(value) >= 10 else signed(f"{value:.1f}")
