"""Shows the curves of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from visage.html.page import words
from visage.model_card.plots import svg
from visage.model_card.plots.axis import Axis, round_axis
from visage.saved_model.suspect_labels import suspects_in_words

_VAL = "val_"


@dataclass(frozen=True)
class Phase:
    """One phase of a training: its name, its epochs, the best of them, and a chart for each metric."""

    name: str
    epochs: int
    best_epoch: int | None
    charts: Sequence[tuple[str, Markup]]


def phases(history: Sequence[Mapping[str, Any]]) -> list[Phase]:
    """Returns the phases of a training, as `training_history` of the card holds them."""
    return [
        Phase(phase["name"], len(phase["epochs"]), phase["best_epoch"], list(_charts(phase)))
        for phase in history
        if phase["epochs"]
    ]


@dataclass(frozen=True)
class SuspectRow:
    """A group: its name, its records, and the number and the percentage of its labels that look wrong."""

    name: str
    records: int
    age: tuple[int, str]
    gender: tuple[int, str]


@dataclass(frozen=True)
class Suspects:
    """The training labels that look wrong: a sentence, and rows of all records and of each group."""

    sentence: str
    rows: Sequence[SuspectRow]


def suspect_rows(summary: Mapping[str, Any] | None) -> Suspects | None:
    """Returns the counts as the card shows them; None where the labels were not judged."""
    if summary is None:
        return None
    everybody = {"records": summary["records"], **{label: summary[label]["suspect"] for label in ("age", "gender")}}
    rows = [_suspect_row("all", everybody)]
    rows += [
        _suspect_row(f"{words(feature)} {value}", counts)
        for feature, by_value in summary["by"].items()
        for value, counts in by_value.items()
    ]
    return Suspects(suspects_in_words(summary), rows)


def _suspect_row(name: str, counts: Mapping[str, int]) -> SuspectRow:
    age, gender = ((counts[label], f"{100 * counts[label] / counts['records']:.1f} %") for label in ("age", "gender"))
    return SuspectRow(name, counts["records"], age, gender)


def _charts(phase: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    epochs: Sequence[Mapping[str, float]] = phase["epochs"]
    # What is minimized comes first; the rate has no validation, and so no chart.
    found = {name for epoch in epochs for name in epoch if f"{_VAL}{name}" in epoch}
    names = sorted(found, key=lambda name: (name != "loss", name))
    x = _epoch_axis(len(epochs))
    return [(_title(name), _chart(name, epochs, x, phase["best_epoch"])) for name in names]


def _epoch_axis(count: int) -> Axis:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if count <= 7 * size)
    ticks = sorted({1, *range(step, count + 1, step)} if count > 1 else {1})
    # The first two would touch.
    shown = [tick for tick in ticks if tick == 1 or tick - 1 >= step / 2]
    return Axis(0.5, count + 0.5, tuple(float(tick) for tick in shown))


def _chart(name: str, epochs: Sequence[Mapping[str, float]], x: Axis, best: int | None) -> Markup:
    series = {
        kind: [(float(number), epoch[key]) for number, epoch in enumerate(epochs, 1) if key in epoch]
        for kind, key in (("reference", name), ("candidate", f"{_VAL}{name}"))
    }
    values = [value for points in series.values() for _, value in points]
    y = round_axis(values, zero=min(values) >= 0 and min(values) < max(values) / 3)
    body = [svg.upright(x, float(best), "limit")] if best is not None else []
    for kind, points in series.items():
        body.append(svg.line(x, y, points, kind))
        if len(points) <= 40:
            body += [
                svg.point(x, y, at, value, None, None, kind, f"epoch {at:.0f}: {value:.4g}") for at, value in points
            ]
    return svg.frame(
        body,
        title=_title(name),
        description="By epoch, on the training split and on the validation split.",
        x=x,
        y=y,
        x_text=lambda value: f"{value:.0f}",
        y_text=lambda value: f"{value:.{y.digits}f}",
        x_label="epoch",
        height=170,
    )


def _title(name: str) -> str:
    text = words(name).replace(" mae", ": mean absolute error, years")
    return text[:1].upper() + text[1:]
