"""Decides whether a scheduled run has a reason to train: no model yet, new data, or drift of the requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.config.schema import PipelineConfig
from pipeline.metadata.judged_data import JudgedData, newest_judged_data
from pipeline.metadata.reader import PipelineMetadata
from visage.errors import VisageError
from visage.saved_model.versions import newest_version

if TYPE_CHECKING:
    from visage.monitoring.report import Report

Cause = Literal["schedule", "no model", "no verdict", "new data", "drift"]


@dataclass(frozen=True)
class Reason:
    """Why a run has to train.

    Attributes:
        cause: its kind.
        text: one line for people.
        details: for programs.
    """

    cause: Cause
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Returns the reason in one line."""
        return f"{self.cause}: {self.text}"


@dataclass(frozen=True)
class Due:
    """Whether a run has to train.

    Attributes:
        reasons: why; empty: it has not.
        notes: what was looked at and is no reason, a line each.
    """

    reasons: Sequence[Reason]
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the decision as JSON."""
        reasons = [{"reason": one.cause, "text": one.text, **one.details} for one in self.reasons]
        return {"due": bool(self.reasons), "reasons": reasons, "notes": list(self.notes)}


def decide(config: PipelineConfig) -> Due:
    """Returns whether a scheduled run of a pipeline has to train, by `retraining` of its configuration.

    Raises:
        VisageError: ML Metadata, the archives or the statistics cannot be read. Where another reason holds already,
            statistics that cannot be read are a note.
    """
    settings = config.retraining
    if not settings.asks:
        return Due([Reason("schedule", "each scheduled run trains (retraining.when: [schedule])")])
    judged = newest_judged_data(PipelineMetadata.of(config))
    if judged is None:
        return Due([Reason("no verdict", f"no run of {config.name} has evaluated a model yet")])
    if newest_version(config.model_base_path) is None:
        return Due([Reason("no model", f"{config.name} has pushed no model yet")])
    reasons, notes = list[Reason](), list[str]()
    for trigger, look in (
        ("new_data", lambda: _look_at_data(config, judged)),
        ("drift", lambda: _look_at_drift(config)),
    ):
        if trigger not in settings.when:
            continue
        try:
            found = look()
        except VisageError as error:
            if not reasons:
                raise
            found = f"{trigger} is not known: {error}"
        if isinstance(found, Reason):
            reasons.append(found)
        else:
            notes.append(found)
    return Due(reasons, notes)


def digests_now(config: PipelineConfig) -> dict[str, str]:
    """Returns the digest of each data set as FaceExampleGen's driver would compute it now.

    Raises:
        VisageError: the folder with the archives does not exist, or a span is missing or empty.
    """
    from components.face_example_gen.prepare import archive_digests

    return archive_digests(config.face_example_gen_settings())


def _look_at_data(config: PipelineConfig, judged: JudgedData) -> Reason | str:
    now, then = digests_now(config), judged.archive_digests
    changed = [dataset for dataset in now if dataset in then and then[dataset] != now[dataset]]
    added = [dataset for dataset in now if dataset not in then]
    removed = [dataset for dataset in then if dataset not in now]
    since = f"run {judged.run_id} ({_ago(judged.ended)})"
    parts = [
        f"{', '.join(names)} {what}"
        for names, what in ((changed, "changed"), (added, "added"), (removed, "left out"))
        if names
    ]
    if not parts:
        return f"no new data since {since}"
    details = {"changed": changed, "added": added, "removed": removed, "since_run": judged.run_id}
    return Reason("new data", f"{'; '.join(parts)} since {since}", details)


def _look_at_drift(config: PipelineConfig) -> Reason | str:
    from pipeline.monitored import compare_requests
    from pipeline.output.monitor_table import drifted_features

    settings = config.retraining
    assert settings.statistics is not None
    report = compare_requests(Path(settings.statistics), config.model_base_path, config.monitor, days=settings.days)
    if report.verdict == "drift":
        details = {"features": [one.feature.name for one in report.drifted], "version": report.version}
        return Reason("drift", f"{drifted_features(report)} {_period(report)}", details)
    if report.verdict == "ok":
        return f"no drift {_period(report)}"
    return f"too few requests to find drift {_period(report)}"


def _period(report: Report) -> str:
    faces = report.collected.counts.faces
    return f"in {faces:,} faces of version {report.version}, {report.period.first} to {report.period.last}"


def _ago(moment: datetime) -> str:
    days = (datetime.now(timezone.utc) - moment).days
    return "today" if days < 1 else f"{days} day{'s' if days > 1 else ''} ago"
