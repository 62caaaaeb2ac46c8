"""Renders a model card as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Template

from visage.data.labels import AGE_GROUPS, GENDERS
from visage.evaluation.evaluation import Evaluation, from_json
from visage.evaluation.label_noise import KINDS, sentences
from visage.evaluation.metrics import metrics_of
from visage.evaluation.metrics.spec import MetricSpec
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, REFERENCE
from visage.html.page import NOTHING, page_environment, thousands
from visage.html.thumbnail import SIDE
from visage.model_card.published import CAPTION
from visage.model_card.subject import Subject
from visage.model_card.views import breakdown, data, figures, gates, thresholds, training

_SECTIONS = {
    "gates": "Gates",
    "metrics": "Metrics",
    "published": "Published",
    "groups": "Groups",
    "errors": "Errors",
    "thresholds": "Legal ages",
    "training": "Training",
    "faces": "Faces",
    "quality": "Image quality",
    "data": "Data",
    "model": "Model",
    "resources": "Resources",
    "lineage": "Lineage",
    "terms": "Terms",
    "use": "Use",
}
"""The sections by the name of their template, with their titles in the contents."""

# Nothing of these is known where only predictions are at hand.
_OF_A_MODEL = {"training", "faces", "data", "model", "terms", "use"}


def render(card: Mapping[str, Any], faces: Mapping[str, str] | None = None) -> str:
    """Returns one HTML page that loads nothing: no script, no font, no image from elsewhere.

    Args:
        card: the content of `model_card.json`.
        faces: images of the worst and typical faces as data URIs by key; None: the configuration turns them off, or
            the records are not at hand.
    """
    evaluation = from_json(card["evaluation"])
    subject = Subject(**card["subject"])
    others = {BASELINE: subject.baseline_title, REFERENCE: "reference model"}
    heads = card["heads"]
    found = evaluation.breakdown
    cleaning_report = card["data"]["cleaning_report"] or {}
    return _template().render(
        {**card, "evaluation": evaluation, "subject": subject},
        sections=_sections(card, subject, evaluation),
        shortfall=evaluation.waiver.shortfall(evaluation.gates) if evaluation.waiver else "",
        tiles=_tiles(evaluation, heads, cleaning_report),
        label_noise=sentences(cleaning_report),
        label_noise_kinds=KINDS,
        gate_blocks=gates.gate_blocks(evaluation.gates, others, evaluation.independence_unknown),
        independence_notes=gates.independence_notes(others, evaluation.independence_unknown),
        metric_rows=figures.metric_rows(evaluation, heads),
        change_rows=figures.change_rows(evaluation, others),
        published_caption=CAPTION,
        group_rows=figures.group_rows(evaluation, heads),
        pair_rows=figures.pair_rows(evaluation, heads),
        gap_rows=figures.gap_rows(evaluation),
        age_error_charts=breakdown.age_charts(found),
        confusions=[
            ("Age groups", AGE_GROUPS, breakdown.confusion(found.age_group_confusion)),
            ("Genders", GENDERS, breakdown.confusion(found.gender_confusion)),
        ],
        reliability=breakdown.reliability_chart(found),
        reliability_counts=breakdown.reliability_counts(found),
        pit=breakdown.pit_chart(found),
        legal_ages=thresholds.legal_ages(evaluation),
        phases=training.phases(card["training_history"]),
        suspects=training.suspect_rows(card.get("suspect_labels")),
        faces=faces,
        side=SIDE,
        quality_rows=breakdown.quality_rows(found),
        age_charts=data.age_charts(card["data"]["splits"]),
    )


def _sections(card: Mapping[str, Any], subject: Subject, evaluation: Evaluation) -> list[tuple[str, str]]:
    """Returns name and title of the sections that have something to show."""
    empty = {name for name in ("published", "resources") if not card[name]}
    if not subject.is_model:
        empty |= _OF_A_MODEL if evaluation.breakdown.by_quality else {*_OF_A_MODEL, "quality"}
    return [(name, title) for name, title in _SECTIONS.items() if name not in empty]


@cache
def _template() -> Template:
    filters = {"percent": _percent, "megabytes": _megabytes, "mebibytes": _mebibytes, "moment": _moment}
    environment = page_environment("visage.model_card", **filters)
    return environment.get_template("model_card.html.jinja")


def _tiles(
    evaluation: Evaluation, heads: Mapping[str, str | None], cleaning_report: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """Returns the figures at the top: the figure, its interval, and what it is."""
    tiles = []
    for spec in metrics_of("evaluation"):
        if spec.caption and heads[spec.head] is not None:
            tiles.append((*_figure(evaluation, spec), spec.caption))
            if spec.name == "age_mae":
                tiles += _noise_floor(spec, cleaning_report)
    return tiles


def _noise_floor(spec: MetricSpec, cleaning_report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Returns the tile of the error that a perfect model has; none without enough copies for an interval."""
    noise = cleaning_report.get("label_noise", {}).get("identical", {}).get("age", {})
    if not noise.get("floor_interval"):
        return []
    text, interval = spec.unit.text(noise["floor"]), spec.unit.interval(*noise["floor_interval"])
    return [(text, interval, "a perfect model's error, if the labels of copies are typical")]


def _figure(evaluation: Evaluation, spec: MetricSpec) -> tuple[str, str]:
    figure = evaluation.overall.figures[CANDIDATE].get(spec.name)
    if figure is None or figure.value is None:
        return NOTHING, f"not measured: {evaluation.overall.why_not_measured(spec.name)}"
    if figure.interval is None:
        return figures.signed(spec.unit.text(figure.value)), ""
    interval = spec.unit.interval(figure.interval.low, figure.interval.high)
    return figures.signed(spec.unit.text(figure.value)), figures.signed(interval)


def _percent(count: float, total: float) -> str:
    """Returns a count as a percentage of a total, a dash of nothing."""
    return f"{100 * count / total:.1f}\u202f%" if total else NOTHING


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}\u202fMB"


def _mebibytes(size: float | None) -> str:
    return NOTHING if size is None else f"{thousands(size / 2**20)}\u202fMiB"


def _moment(text: str) -> str:
    """Returns a date and time of ISO 8601 for people, e.g. '2026-11-28 12:00 UTC'."""
    return f"{text[:16].replace('T', ' ')} UTC" if text.endswith("+00:00") else text
