"""The page of a model card."""

from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Template

from visage.html.page import NOTHING, page_environment, words

# Fewer records than these say little: the standard error of a share of 0.9 is then above 5 percentage points.
FEW_RECORDS = 30

# Records that a bar stands for.
_LEAST_DRAWN = 0.5
_AXIS_ENDS_AT_LEAST = 100
_YEARS_BETWEEN_TICKS = 20

# Names of the metrics that gate; another one goes by its setting's name, as a plain number.
_METRICS = {
    "age_mae": "Mean absolute error of the age",
    "age_group_accuracy": "Age group accuracy",
    "gender_accuracy": "Gender accuracy",
}
_IN_YEARS = ("age_mae",)
_SHARES = ("age_group_accuracy", "gender_accuracy")


def render(card: dict[str, Any]) -> str:
    """One HTML page with everything in it: no script, no font, no picture is loaded.

    Args:
        card: as `card.make_card` returns it.
    """
    slices = card["evaluation"]["slices"]
    return _template().render(
        **card,
        few_records=FEW_RECORDS,
        age_charts=_age_charts(card["data"]["splits"]),
        age_axis=_age_axis(card["data"]["splits"]),
        slices={feature: list(found) for feature, found in groupby(slices, key=lambda found: found["feature"])},
        worst_age_mae=max((found["age_mae"] or 0.0 for found in slices), default=0.0) or 1.0,
    )


@cache
def _template() -> Template:
    environment = page_environment(
        "components.model_card",
        years=_years,
        percent=_percent,
        gate_name=_gate_name,
        gate_value=_gate_value,
        metric_value=_metric_value,
    )
    return environment.get_template("model_card.html.jinja")


def _years(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f} years"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f} %"


def _gate_name(name: str) -> str:
    metric, change, kind = _gate_parts(name)
    shown = _METRICS.get(metric, words(metric).capitalize())
    if change:
        return f"{shown}, against the blessed model before"
    return f"{shown}, at {'most' if kind == 'max' else 'least'}"


def _gate_value(value: float | None, name: str) -> str:
    """A limit or what was measured against it; a change in words, for its sign alone would puzzle."""
    metric, change, _ = _gate_parts(name)
    if not change or value is None:
        return _metric_value(value, name)
    size = f"{100 * abs(value):.1f} points" if metric in _SHARES else _metric_value(abs(value), name)
    return f"{size} {'worse' if value >= 0 else 'better'}"


def _metric_value(value: float | None, gate_name: str) -> str:
    metric, _, _ = _gate_parts(gate_name)
    if metric in _IN_YEARS:
        return _years(value)
    if metric in _SHARES:
        return _percent(value)
    return NOTHING if value is None else f"{value:.3f}"


def _gate_parts(name: str) -> tuple[str, str, str]:
    """'age_mae_increase_max' → ('age_mae', 'increase', 'max'); 'age_mae_max' → ('age_mae', '', 'max')."""
    rest, _, kind = name.rpartition("_")
    for change in ("increase", "decrease"):
        if rest.endswith(f"_{change}"):
            return rest.removesuffix(f"_{change}"), change, kind
    return rest, "", kind


def _age_charts(splits: dict[str, Any]) -> list[dict[str, Any]]:
    """Bars of the age histograms: x and width in years, height as a fraction 0..1 of the tallest bar of all splits.

    Buckets differ in width, so a bar's area stands for its records. Estimates that round to no record have no bar.
    """
    densities = {
        split: [bucket["count"] / (bucket["high"] - bucket["low"]) / _known(found) for bucket in found["ages"]]
        for split, found in splits.items()
    }
    tallest = max((density for found in densities.values() for density in found), default=0.0) or 1.0
    return [
        {
            "split": split,
            "bars": [
                {**bucket, "height": density / tallest}
                for bucket, density in zip(splits[split]["ages"], found, strict=True)
                if bucket["count"] >= _LEAST_DRAWN
            ],
        }
        for split, found in densities.items()
    ]


def _age_axis(splits: dict[str, Any]) -> dict[str, Any]:
    """Where the axis of all age charts ends, in years, and the years that are written below it."""
    oldest = max((bucket["high"] for found in splits.values() for bucket in found["ages"]), default=0.0)
    end = next(year for year in range(_AXIS_ENDS_AT_LEAST, 1000, _YEARS_BETWEEN_TICKS) if year >= oldest)
    return {"end": end, "ticks": list(range(0, end + 1, _YEARS_BETWEEN_TICKS))}


def _known(split: dict[str, Any]) -> int:
    return max(1, split["records"] - split["age_unknown"])
