"""The page of a model card."""

from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Template

from visage.evaluation.metrics import metric_of_limit, metrics_of
from visage.evaluation.metrics.spec import FRACTION, MetricSpec
from visage.html.page import NOTHING, page_environment

# With fewer records a figure is unreliable: the standard error of a fraction of 0.9 is above 5 percentage points.
FEW_RECORDS = 30

# Records. TFDV estimates the counts, so smaller ones round to no record.
_LEAST_DRAWN = 0.5
_AXIS_ENDS_AT_LEAST = 100
_YEARS_BETWEEN_TICKS = 20


def render(card: dict[str, Any]) -> str:
    """Returns one HTML page that loads nothing: no script, no font, no image.

    Args:
        card: the content of `model_card.json`.
    """
    groups = [part for part in card["evaluation"]["slices"] if len(part["values"]) == 1]
    return _template().render(
        **card,
        few_records=FEW_RECORDS,
        age_charts=_age_charts(card["data"]["splits"]),
        age_axis=_age_axis(card["data"]["splits"]),
        groups={
            feature: list(found) for feature, found in groupby(groups, key=lambda found: next(iter(found["values"])))
        },
        metrics=[spec for spec in metrics_of("evaluation") if card["heads"][spec.head] is not None],
        full_bars={spec.name: _full_bar(spec, groups) for spec in metrics_of("evaluation")},
    )


@cache
def _template() -> Template:
    environment = page_environment(
        "visage.model_card",
        value=_value,
        figure=_figure,
        limited_figure=_limited_figure,
        gate_name=_gate_name,
        gate_value=_gate_value,
    )
    return environment.get_template("model_card.html.jinja")


def _value(part: dict[str, Any], spec: MetricSpec) -> float | None:
    """Returns a figure of the model on a slice; None where it has none."""
    measured = part["figures"]["candidate"].get(spec.name)
    return measured and measured["value"]


def _figure(value: float | None, spec: MetricSpec) -> str:
    return NOTHING if value is None else spec.unit.text(value)


def _limited_figure(value: float | None, gate_name: str) -> str:
    return _figure(value, metric_of_limit(gate_name))


def _gate_name(name: str) -> str:
    spec = metric_of_limit(name)
    if name == spec.change_limit_name:
        return f"{spec.title}, against another model"
    if name == spec.gap_limit_name:
        return f"{spec.title}, against all records at equal ages"
    return f"{spec.title}, at {'least' if spec.better == 'higher' else 'most'}"


def _gate_value(value: float | None, name: str) -> str:
    """Returns a limit or the measured value as text; a change in words, because its sign alone would be ambiguous."""
    spec = metric_of_limit(name)
    if value is None or name == spec.limit_name:
        return _figure(value, spec)
    return f"{spec.unit.text_of_change(abs(value))} {'worse' if value >= 0 else 'better'}"


def _full_bar(spec: MetricSpec, groups: list[dict[str, Any]]) -> float:
    """Returns the value of a full bar in the tables of groups: 1 for a fraction, else the highest of the groups."""
    values = [_value(found, spec) or 0.0 for found in groups]
    return 1.0 if spec.unit is FRACTION else max(map(abs, values), default=0.0) or 1.0


def _age_charts(splits: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the bars of the age histograms: x and width in years, height as a fraction 0..1 of the tallest bar.

    Buckets differ in width, so the area of a bar is proportional to its records. Estimates below half a record get no
    bar.
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
    """Returns the end of the axis of all age charts and its ticks, in years."""
    oldest = max((bucket["high"] for found in splits.values() for bucket in found["ages"]), default=0.0)
    end = next(year for year in range(_AXIS_ENDS_AT_LEAST, 1000, _YEARS_BETWEEN_TICKS) if year >= oldest)
    return {"end": end, "ticks": list(range(0, end + 1, _YEARS_BETWEEN_TICKS))}


def _known(split: dict[str, Any]) -> int:
    return max(1, split["records"] - split["age_unknown"])
