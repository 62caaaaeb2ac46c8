"""Shows the ages of the records in each split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from visage.html.page import thousands
from visage.model_card.plots import svg
from visage.model_card.plots.axis import round_axis, year_axis
from visage.model_card.views.breakdown import percent, years

# Records. The counts are estimates, so smaller ones round to no record.
_LEAST_DRAWN = 0.5


@dataclass(frozen=True)
class AgeChart:
    """The ages in one split; without a chart where no age is known."""

    split: str
    records: int
    unknown: int
    chart: Markup | None


def age_charts(splits: Mapping[str, Any]) -> list[AgeChart]:
    """Returns a histogram of the ages of each split, on the same axes.

    Buckets differ in width, so the area of a bar is proportional to its records. Estimates below half a record get no
    bar.
    """
    densities = {
        split: [bucket["count"] / (bucket["high"] - bucket["low"]) / _known(found) for bucket in found["ages"]]
        for split, found in splits.items()
    }
    y = round_axis([density for found in densities.values() for density in found], zero=True, most=5)
    x = year_axis(max((bucket["high"] for found in splits.values() for bucket in found["ages"]), default=0.0))
    return [
        AgeChart(
            split=split,
            records=found["records"],
            unknown=found["age_unknown"],
            chart=svg.frame(
                [
                    svg.bar(x, y, bucket["low"], bucket["high"], density, "candidate", _title(bucket))
                    for bucket, density in zip(found["ages"], densities[split], strict=True)
                    if bucket["count"] >= _LEAST_DRAWN
                ],
                title=f"Ages in the split {split}",
                description="Fraction of the records of exact age by year of age.",
                x=x,
                y=y,
                x_text=years,
                y_text=lambda value: percent(value) if y.digits <= 2 else f"{100 * value:.1f}\u202f%",
                x_label="age in years",
                y_label="of the records, a year",
                height=130,
            )
            if found["ages"]
            else None,
        )
        for split, found in splits.items()
    ]


def _title(bucket: Mapping[str, float]) -> str:
    return f"{bucket['low']:.0f} to {bucket['high']:.0f} years: about {thousands(bucket['count'])}"


def _known(split: Mapping[str, Any]) -> int:
    return max(1, split["records"] - split["age_unknown"])
