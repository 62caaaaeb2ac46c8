"""Draws figures with their intervals as dots and whiskers, one row for each figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from visage.evaluation.statistics.intervals import Interval
from visage.model_card.plots.axis import Axis
from visage.model_card.plots.svg import mark, number

# Pixels.
LANE = 20


@dataclass(frozen=True)
class Lane:
    """One figure in a row.

    Attributes:
        kind: 'candidate', 'adjusted', 'baseline' or 'reference'.
        value: of the figure.
        interval: of 95 % confidence; None where there is none.
        text: the figure and its interval, for people.
    """

    kind: str
    value: float
    interval: Interval | None
    text: str


def lanes(found: Sequence[Lane], axis: Axis, zero: float | None = None) -> Markup:
    """Returns the chart of a row, whose numbers stand beside it as text.

    Args:
        found: from top to bottom.
        axis: of all rows.
        zero: where a line is drawn; None: none.
    """
    height = LANE * max(1, len(found))
    parts = [
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(number(axis.place(tick)))
        for tick in axis.ticks
    ]
    if zero is not None:
        parts.append(
            Markup('<line class="zero" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(number(axis.place(zero)))
        )
    for place, lane in enumerate(found):
        top = LANE * place + LANE // 2
        if lane.interval is not None:
            low, high = axis.place(lane.interval.low), axis.place(lane.interval.high)
            parts.append(
                Markup('<line class="whisker {0}" x1="{1}%" x2="{2}%" y1="{3}" y2="{3}"/>').format(
                    lane.kind, number(low), number(high), top
                )
            )
        parts.append(mark(axis.place(lane.value), str(top), lane.kind))
    return Markup('<svg class="dots" height="{}" aria-hidden="true">{}</svg>').format(height, Markup("").join(parts))


def scale(axis: Axis, text: Callable[[float], str]) -> Markup:
    """Returns the ticks of an axis, for the row below all others."""
    parts = (
        Markup('<text x="{}%" y="12">{}</text>').format(number(axis.place(tick)), text(tick)) for tick in axis.ticks
    )
    return Markup('<svg class="dots" height="18" aria-hidden="true">{}</svg>').format(Markup("").join(parts))
