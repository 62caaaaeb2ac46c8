"""Renders the gate of a task's report as an HTML page, which Kubeflow shows beside the task."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Template

from visage.html.page import page_environment
from visage.html.thumbnail import SIDE


def render_gate(report: Mapping[str, Any]) -> str:
    """Returns one self-contained HTML page with a row for each gate, those that failed first.

    Args:
        report: as `visage node --report` writes it, with gates.
    """
    gates = sorted(report["gates"], key=lambda gate: gate["ok"])
    failed = sum(not gate["ok"] for gate in gates)
    return _template().render({**report, "gates": gates, "failed": failed, "side": SIDE})


@cache
def _template() -> Template:
    return page_environment("pipeline.runners.kubeflow").get_template("gate.html.jinja")
