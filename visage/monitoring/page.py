"""Renders a comparison as one HTML page that loads nothing."""

from __future__ import annotations

from functools import cache

from jinja2 import Template

from visage.html.page import page_environment
from visage.monitoring.charts import chart_of
from visage.monitoring.report import Report

PAGE = "monitor.html"


def render(report: Report) -> str:
    """Returns the page, which has no script, no font and no image from elsewhere."""
    charts = [chart_of(one) for one in report.compared]
    counts, busiest = report.collected.counts, max((faces for faces, _ in report.collected.by_day.values()), default=0)
    days = [(day, *report.collected.by_day.get(day, (0, 0))) for day in report.period.days]
    return _template().render(
        report=report,
        rows=report.compared,
        charts=charts,
        counts=counts,
        refused=report.refused,
        refused_count=sum(report.refused.values()),
        days=days,
        busiest=busiest,
        side=0,
    )


def figure(value: float | None) -> str:
    """Returns a distance with three digits after the point; a dash for None.

    >>> figure(0.04567)
    '0.046'
    """
    return "\u2013" if value is None else f"{value:.3f}"


@cache
def _template() -> Template:
    return page_environment("visage.monitoring", figure=figure).get_template("monitor.html.jinja")
