"""Computes the bars and boxes of the page's charts, in units of their SVG."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.data_inspection.ages import SHOWN_GENDERS, YEARS, coverage
from visage.data.labels import GENDERS

WIDTH, HEIGHT = 340, 178
LEFT, RIGHT, TOP, BOTTOM = 38, 326, 18, 146
BAND = 5
SHARE_BAND = 10
# A box with its two whiskers and the line of its name.
BOX_ROW = 34
_BOXES_TOP = 4
# So that a single record is visible.
THINNEST_BOX = 3


def _x(year: float, last: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * year / last, 2)


def last_year(table: Sequence[Mapping[str, Any]]) -> int:
    """Returns the end of the age axes: the first of 100, 120 and 130 above all ages."""
    oldest = max((int(np.flatnonzero(entry["by_year"]).max(initial=0)) for entry in table), default=0)
    return next(end for end in (100, 120, 130) if oldest < end)


def _ticks(highest: float) -> list[int]:
    """Returns 0 and a few round numbers, the last at or above `highest`."""
    step = next(
        size * 10**power for power in range(12) for size in (1, 2, 5) if size * 10**power * 4 >= max(highest, 1)
    )
    return list(range(0, int(-(-max(highest, 1) // step) * step) + 1, step))


def histogram(table: Sequence[Mapping[str, Any]], last: int, band: int = BAND) -> dict[str, Any]:
    """Returns the bars of the records by age, `band` years each, the genders stacked."""
    by_gender = {gender: _banded(_years(table, gender), band) for gender in SHOWN_GENDERS}
    totals = np.sum(list(by_gender.values()), axis=0)
    ticks = _ticks(totals.max())
    scale = (BOTTOM - TOP) / ticks[-1]
    bars = []
    for number in range(len(totals)):
        y = float(BOTTOM)
        for gender, counts in by_gender.items():
            if counts[number]:
                y -= counts[number] * scale
                bars.append(_bar(number, band, last, y, counts[number] * scale, gender, int(counts[number])))
    return {
        **coverage(table),
        "bars": bars,
        "x_ticks": _x_ticks(last),
        "y_ticks": [{"y": round(BOTTOM - tick * scale, 2), "value": tick} for tick in ticks],
    }


def gender_fractions(table: Sequence[Mapping[str, Any]], last: int) -> dict[str, Any]:
    """Returns bars of equal height, ten years each: the fractions of the known genders."""
    by_gender = {gender: _banded(_years(table, gender), SHARE_BAND) for gender in GENDERS}
    totals = np.sum(list(by_gender.values()), axis=0)
    bars = []
    for number in range(len(totals)):
        y = float(BOTTOM)
        for gender, counts in by_gender.items():
            if counts[number]:
                height = (BOTTOM - TOP) * counts[number] / totals[number]
                y -= height
                bar = _bar(number, SHARE_BAND, last, y, height, gender, int(counts[number]))
                bars.append({**bar, "share": counts[number] / totals[number]})
    ticks = [{"y": BOTTOM - (BOTTOM - TOP) * fraction / 100, "value": f"{fraction} %"} for fraction in (0, 50, 100)]
    return {"bars": bars, "x_ticks": _x_ticks(last), "y_ticks": ticks}


def boxes(summaries: Sequence[Mapping[str, Any]], last: int) -> dict[str, Any]:
    """Returns a box for each source and gender, one below the other."""
    rows = []
    for number, summary in enumerate(summaries):
        left, right = _x(summary["quarter"], last), _x(summary["three_quarters"], last)
        width = max(right - left, THINNEST_BOX)
        rows.append(
            {
                **summary,
                "top": _BOXES_TOP + BOX_ROW * number,
                "box_x": round((left + right - width) / 2, 2),
                "box_width": round(width, 2),
                **{f"x_{place}": _x(summary[place], last) for place in ("whisker_low", "median", "whisker_high")},
                "dots": [_x(year, last) for year in summary["outside"]],
            }
        )
    bottom = _BOXES_TOP + BOX_ROW * len(rows)
    return {"rows": rows, "top": _BOXES_TOP, "bottom": bottom, "height": bottom + 30, "x_ticks": _x_ticks(last)}


def _years(table: Sequence[Mapping[str, Any]], gender: str) -> np.ndarray:
    return np.sum([np.zeros(YEARS, int), *(e["by_year"] for e in table if e["gender"] == gender)], axis=0)


def _banded(counts: np.ndarray, band: int) -> np.ndarray:
    padded = np.zeros(-(-YEARS // band) * band, int)
    padded[: len(counts)] = counts
    return padded.reshape(-1, band).sum(axis=1)


def _bar(number: int, band: int, last: int, y: float, height: float, gender: str, count: int) -> dict[str, Any]:
    x, end = _x(number * band, last), _x(min((number + 1) * band, last), last)
    gap = 1 if band > 1 else 0.3
    years = f"{number * band} to {(number + 1) * band - 1} years" if band > 1 else f"{number} years"
    return {
        "x": x,
        "width": round(end - x - gap, 2),
        "y": round(y, 2),
        "height": round(height, 2),
        "gender": gender,
        "count": count,
        "years": years,
    }


def _x_ticks(last: int) -> list[dict[str, Any]]:
    return [{"x": _x(year, last), "value": year} for year in range(0, last + 1, 20)]
