"""Makes the elements of charts: frames with axes, lines, bands, marks and bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

from visage.model_card.plots.axis import Axis

HEIGHT = 190
# By the kind of a mark: a path around its own origin. Shapes, not colours alone, tell the kinds apart.
_SHAPES = {
    "candidate": "M0-4.5A4.5 4.5 0 1 1 0 4.5A4.5 4.5 0 1 1 0-4.5Z",
    "adjusted": "M-4-4H4V4H-4Z",
    "baseline": "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "reference": "M0-5L5 4H-5Z",
}


def number(value: float) -> str:
    """Returns a coordinate with two digits at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def frame(
    body: Iterable[Markup],
    *,
    title: str,
    description: str,
    x: Axis,
    y: Axis,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
    x_label: str = "",
    y_label: str = "",
    height: int = HEIGHT,
) -> Markup:
    """Returns a chart with its axes around the elements in `body`.

    Args:
        body: elements, whose coordinates are per cent of the frame.
        title: of the chart, for people who do not see it.
        description: what it shows, for the same people.
        x: axis across.
        y: axis upwards.
        x_text: writes a tick of it.
        y_text: the same.
        x_label: below the ticks.
        y_label: above the axis.
        height: pixels.
    """
    parts = []
    for tick in y.ticks:
        at = number(100 - y.place(tick))
        parts.append(Markup('<line class="grid" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>').format(at))
        parts.append(Markup('<text class="y" x="-8" y="{}%" dy=".35em">{}</text>').format(at, y_text(tick)))
    for tick in x.ticks:
        parts.append(Markup('<text x="{}%" y="100%" dy="18">{}</text>').format(number(x.place(tick)), x_text(tick)))
    parts += body
    parts.append(Markup('<line class="axis" x1="0" x2="100%" y1="100%" y2="100%"/>'))
    if x_label:
        parts.append(Markup('<text class="label" x="50%" y="100%" dy="36">{}</text>').format(x_label))
    if y_label:
        parts.append(Markup('<text class="label unit" x="-8" y="-10">{}</text>').format(y_label))
    return Markup('<svg class="plot" role="img" height="{}"><title>{}</title><desc>{}</desc>{}</svg>').format(
        height, title, description, Markup("").join(parts)
    )


def line(x: Axis, y: Axis, points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """Returns a line through points, from left to right."""
    return _stretched(Markup('<path class="line {}" d="{}"/>').format(kind, _through(x, y, points)))


def band(x: Axis, y: Axis, points: Sequence[tuple[float, float, float]], kind: str) -> Markup:
    """Returns the area between the lows and the highs of points (x, low, high)."""
    there = _through(x, y, [(place, high) for place, _, high in points])
    back = _through(x, y, [(place, low) for place, low, _ in reversed(points)])
    return _stretched(Markup('<path class="band {}" d="{}Z"/>').format(kind, there + back.replace("M", "L", 1)))


def _through(x: Axis, y: Axis, points: Sequence[tuple[float, float]]) -> str:
    steps = (f"{number(x.place(across))} {number(100 - y.place(up))}" for across, up in points)
    return "".join(f"{'L' if place else 'M'}{step}" for place, step in enumerate(steps))


def _stretched(path: Markup) -> Markup:
    return Markup('<svg class="stretched" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>').format(path)


def upright(x: Axis, value: float, kind: str, label: str = "") -> Markup:
    """Returns a line from bottom to top, with a text above it."""
    at = number(x.place(value))
    text = Markup('<text x="{}%" y="-7">{}</text>').format(at, label) if label else ""
    return Markup('<line class="{}" x1="{}%" x2="{}%" y1="0" y2="100%"/>{}').format(kind, at, at, text)


def across(y: Axis, value: float, kind: str) -> Markup:
    """Returns a line from left to right."""
    at = number(100 - y.place(value))
    return Markup('<line class="{0}" x1="0" x2="100%" y1="{1}%" y2="{1}%"/>').format(kind, at)


def mark(left: float, top: str, kind: str) -> Markup:
    """Returns the shape of a kind at `left` per cent and at `top`, a coordinate with its unit."""
    return Markup('<svg class="mark {0}" x="{1}%" y="{2}"><path d="{3}"/></svg>').format(
        kind, number(left), top, _SHAPES[kind]
    )


def point(
    x: Axis, y: Axis, across_: float, value: float, low: float | None, high: float | None, kind: str, title: str
) -> Markup:
    """Returns a mark with its interval upwards; a title appears under the pointer."""
    left = x.place(across_)
    whisker = Markup("")
    if low is not None and high is not None:
        whisker = upright_whisker(x, y, across_, low, high, kind)
    found = mark(left, f"{number(100 - y.place(value))}%", kind)
    return Markup("<g><title>{}</title>{}{}</g>").format(title, whisker, found)


def upright_whisker(x: Axis, y: Axis, place: float, low: float, high: float, kind: str = "candidate") -> Markup:
    """Returns an interval as a line upwards."""
    return Markup('<line class="whisker {0}" x1="{1}%" x2="{1}%" y1="{2}%" y2="{3}%"/>').format(
        kind, number(x.place(place)), number(100 - y.place(low)), number(100 - y.place(high))
    )


def bar(x: Axis, y: Axis, low: float, high: float, value: float, kind: str, title: str) -> Markup:
    """Returns a bar from `low` to `high` across and from 0 to `value` upwards."""
    left, right, top = x.place(low), x.place(high), 100 - y.place(value)
    return Markup('<rect class="{}" x="{}%" y="{}%" width="{}%" height="{}%"><title>{}</title></rect>').format(
        kind, number(left + 0.15), number(top), number(max(0.2, right - left - 0.3)), number(100 - top), escape(title)
    )
