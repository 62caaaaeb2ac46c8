"""The result of one comparison of requests with the model's test data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

from visage.monitoring.collected import Collected, Period
from visage.monitoring.compare import Compared, compare, overall
from visage.monitoring.counts import Counts
from visage.monitoring.features import ANSWERED
from visage.monitoring.settings import MonitorSettings
from visage.saved_model.identity import ModelIdentity


@dataclass(frozen=True)
class Report:
    """One comparison.

    Attributes:
        identity: of the model.
        name: of the model in requests.
        version: of the model.
        period: the compared days.
        collected: what the servers wrote in them.
        baseline: what it is compared with.
        baseline_text: what that is, for people.
        settings: the limits.
        made_at: when.
    """

    identity: ModelIdentity
    name: str
    version: str
    period: Period
    collected: Collected
    baseline: Counts
    baseline_text: str
    settings: MonitorSettings
    made_at: datetime

    @cached_property
    def compared(self) -> list[Compared]:
        """Returns every feature that was compared, or could not be."""
        return compare(self.collected.counts, self.baseline, self.settings)

    @cached_property
    def verdict(self) -> Literal["drift", "ok", "not enough"]:
        """Returns the verdict on all features."""
        return overall(self.compared)

    @property
    def drifted(self) -> list[Compared]:
        """Returns the features whose distance is above their limit."""
        return [one for one in self.compared if one.verdict == "drift"]

    @property
    def days_without_file(self) -> list[date]:
        """Returns the days of the period of which no server wrote anything."""
        return [day for day in self.period.days if day not in self.collected.by_day]

    @property
    def refused(self) -> dict[str, int]:
        """Returns the number of requests without a prediction, by reason, the commonest first."""
        outcomes = self.collected.counts.texts["outcome"].values
        reasons = ((reason, int(number)) for reason, number in outcomes.items() if reason != ANSWERED)
        return dict(sorted(reasons, key=lambda item: (-item[1], item[0])))

    @property
    def notes(self) -> list[str]:
        """Returns what a reader must know before the figures, a line each."""
        found, notes = self.collected, []
        if found.unreadable:
            more = f", and {len(found.unreadable) - 1} more" if len(found.unreadable) > 1 else ""
            notes.append(f"not read: {found.unreadable[0]}{more}")
        if self.days_without_file and found.by_day:
            days = ", ".join(day.isoformat() for day in self.days_without_file[:5])
            more = f" and {len(self.days_without_file) - 5} more" if len(self.days_without_file) > 5 else ""
            notes.append(f"no statistics of {days}{more}: no request, or no server that wrote any")
        if found.later:
            notes.append(f"{found.later} file(s) bear a later day and are left out; was a clock wrong?")
        if found.other_versions:
            notes.append(f"there are statistics of other versions: {', '.join(found.other_versions)}")
        return notes

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON."""
        counts = self.collected.counts
        return {
            "verdict": self.verdict,
            "drift": [one.feature.name for one in self.drifted],
            "model": self.name,
            "version": self.version,
            "identity": self.identity.summary,
            "first_day": self.period.first.isoformat(),
            "last_day": self.period.last.isoformat(),
            "faces": counts.faces,
            "requests": counts.requests,
            "refused": self.refused,
            "servers": self.collected.servers,
            "files": self.collected.files,
            "by_day": [
                {"day": day.isoformat(), "faces": faces, "requests": requests}
                for day in self.period.days
                for faces, requests in [self.collected.by_day.get(day, (0, 0))]
            ],
            "days_without_file": [day.isoformat() for day in self.days_without_file],
            "unreadable": self.collected.unreadable,
            "notes": self.notes,
            "baseline": self.baseline_text,
            "min_faces": self.settings.min_faces,
            "features": [one.to_json() for one in self.compared],
            "made_at": self.made_at.isoformat(timespec="seconds"),
        }
