"""Draws the distribution of requests as bars and that of the test data as an outline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from visage.data.labels import AGE_GROUPS, GENDERS
from visage.html.page import thousands
from visage.model_card.plots import svg
from visage.model_card.plots.axis import Axis, round_axis
from visage.monitoring.compare import Compared
from visage.monitoring.counts import NumberCounts, TextCounts
from visage.monitoring.features import ANSWERED

HEIGHT = 130
# Values of a text feature that are drawn; the others are drawn together.
_MOST_VALUES = 8
_REST = "others"
# That fit below a chart.
_LETTERS = 48
# In the order in which people expect them, where there is one.
_ORDER = (*AGE_GROUPS, *GENDERS, ANSWERED)


@dataclass(frozen=True)
class Chart:
    """One feature's chart."""

    name: str
    title: str
    verdict: str
    drawing: Markup


def chart_of(one: Compared) -> Chart:
    """Returns the chart of a compared feature; each bin is as wide as the next, whatever values it spans."""
    if isinstance(one.served, NumberCounts) and isinstance(one.expected, NumberCounts):
        slots = _used(one.served, one.expected)
        edges = one.feature.edges[slots.start : slots.stop + 1]
        served, expected = ([counts.bins[slot] for slot in slots] for counts in (one.served, one.expected))
        names = [f"{_short(edges[slot])} to {_short(edges[slot + 1])}" for slot in range(len(slots))]
        step = max(1, -(-len(edges) // 7))
        ticks, text = tuple(map(float, range(0, len(edges), step))), lambda place: _short(edges[round(place)])
    else:
        assert isinstance(one.served, TextCounts)
        assert isinstance(one.expected, TextCounts)
        names = _names(one.served, one.expected)
        served, expected = ([_number(counts, names, name) for name in names] for counts in (one.served, one.expected))
        ticks, text = (
            tuple(place + 0.5 for place in range(len(names))),
            lambda place: _fitting(names[int(place)], len(names)),
        )
    unit = f", {one.feature.unit}" if one.feature.unit else ""
    return Chart(
        one.feature.name,
        f"{one.feature.title}{unit}",
        one.verdict,
        _draw(one.feature.title, names, served, expected, ticks, text),
    )


def _draw(
    title: str,
    names: Sequence[str],
    served: Sequence[float],
    expected: Sequence[float],
    ticks: tuple[float, ...],
    text: Callable[[float], str],
) -> Markup:
    bars, outline = _fractions(served), _fractions(expected)
    x = Axis(0.0, float(len(names)), ticks)
    y = round_axis([*bars, *outline], zero=True, most=4)
    body = [
        svg.bar(x, y, place, place + 1, bar, "candidate", _title(name, served[place], bar, expected, outline, place))
        for place, (name, bar) in enumerate(zip(names, bars, strict=True))
        if bar
    ]
    if any(outline):
        steps = [(float(place + end), value) for place, value in enumerate(outline) for end in (0, 1)]
        body.append(svg.line(x, y, [(0.0, 0.0), *steps, (float(len(names)), 0.0)], "baseline"))
    return svg.frame(
        body,
        title=title,
        description="Fractions of the requests as bars, of the baseline as an outline.",
        x=x,
        y=y,
        x_text=text,
        y_text=lambda value: f"{100 * value:.0f}\u202f%" if y.digits <= 2 else f"{100 * value:.1f}\u202f%",
        height=HEIGHT,
    )


def _title(
    name: str, number: float, fraction: float, expected: Sequence[float], outline: Sequence[float], place: int
) -> str:
    text = f"{name}: {thousands(number)} ({fraction:.1%})"
    return f"{text}, baseline {thousands(expected[place])} ({outline[place]:.1%})" if any(expected) else text


def _fractions(numbers: Sequence[float]) -> list[float]:
    total = sum(numbers) or 1
    return [number / total for number in numbers]


def _used(one: NumberCounts, other: NumberCounts) -> range:
    """Returns the bins from the first to the last that has a value."""
    used = [slot for slot, number in enumerate(one.bins) if number or other.bins[slot]]
    return range(used[0], used[-1] + 1)


def _names(one: TextCounts, other: TextCounts) -> list[str]:
    """Returns the commonest values; the others together, where there are any."""
    numbers = {name: one.values.get(name, 0) / max(1, one.count) for name in (*one.values, *other.values)}
    for name, number in other.values.items():
        numbers[name] += number / other.count
    ranked = sorted(numbers, key=lambda name: (-numbers[name], name))
    shown = ranked if len(ranked) <= _MOST_VALUES else ranked[: _MOST_VALUES - 1]
    place = {name: number for number, name in enumerate(_ORDER)}
    ordered = sorted(shown, key=lambda name: place.get(name, len(place)))
    return [*ordered, *([_REST] if len(ranked) > len(shown) else [])]


def _number(counts: TextCounts, names: Sequence[str], name: str) -> float:
    if name == _REST and name not in counts.values:
        return sum(number for value, number in counts.values.items() if value not in names)
    return counts.values.get(name, 0)


def _fitting(name: str, slots: int) -> str:
    """Returns a name cut to the width of its slot; the bar has the whole name, and the page's tables."""
    letters = _LETTERS // slots
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _short(value: float) -> str:
    """Returns an edge for people: '35', '0.25', '4k', '1M'."""
    for limit, letter in ((2**20, "M"), (2**10, "k")):
        if value >= 4 * limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
