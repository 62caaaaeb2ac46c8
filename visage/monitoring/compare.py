"""Compares the distributions of requests with those of the model's test data, feature by feature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from visage.monitoring.counts import Counts, NumberCounts, TextCounts
from visage.monitoring.distance import by_chance, distance
from visage.monitoring.features import FEATURES, Feature
from visage.monitoring.settings import MonitorSettings

Verdict = Literal["drift", "ok", "no limit", "not enough", "no baseline", "not seen"]


@dataclass(frozen=True)
class Compared:
    """One feature.

    Attributes:
        feature: which.
        served: its distribution in requests.
        expected: in the baseline.
        distance: between the two, 0 to 1; None: one of them has too few values.
        by_chance: the distance that two samples of these sizes from one distribution exceed about once in twenty times.
        limit: None: there is none.
        verdict: 'drift': the distance is above the limit; 'not enough': fewer values than `min_faces` on a side;
            'no baseline', 'not seen': no value on a side.
    """

    feature: Feature
    served: NumberCounts | TextCounts
    expected: NumberCounts | TextCounts
    distance: float | None
    by_chance: float | None
    limit: float | None
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Returns the comparison as JSON, with both distributions."""
        return {
            "feature": self.feature.name,
            "measure": self.feature.measure,
            "distance": self.distance,
            "by_chance": self.by_chance,
            "limit": self.limit,
            "verdict": self.verdict,
            "edges": list(self.feature.edges),
            "served": _distribution(self.served),
            "baseline": _distribution(self.expected),
        }


def compare(served: Counts, baseline: Counts, settings: MonitorSettings) -> list[Compared]:
    """Compares every feature that requests or the baseline have.

    Args:
        served: of the requests.
        baseline: of the test data, or of earlier requests.
        settings: the limits.
    """
    found = (_compare(served.of(name), baseline.of(name), settings) for name in FEATURES)
    return [one for one in found if one.served.count or one.expected.count]


def overall(compared: Iterable[Compared]) -> Literal["drift", "ok", "not enough"]:
    """Returns the verdict on all features.

    'drift' if one has drifted. Else 'not enough' if too few faces were predicted to compare one of the predictions
    that are limited: requests without a prediction, and sizes alone, do not show that the model suits its faces.
    """
    verdicts = {one.feature.name: one.verdict for one in compared}
    if "drift" in verdicts.values():
        return "drift"
    predictions = {verdicts.get(name, "not seen") for name in ("age", "age_group", "gender", "gender_probability")}
    return "ok" if predictions & {"ok", "no limit"} else "not enough"


def _compare(
    served: NumberCounts | TextCounts, expected: NumberCounts | TextCounts, settings: MonitorSettings
) -> Compared:
    feature = served.feature
    limit: float | None = getattr(settings.limits, feature.name)
    if not served.count or not expected.count:
        return Compared(feature, served, expected, None, None, limit, "no baseline" if served.count else "not seen")
    if min(served.count, expected.count) < settings.min_faces:
        return Compared(feature, served, expected, None, None, limit, "not enough")
    measured = distance(served, expected)
    verdict: Verdict = "no limit" if limit is None else "drift" if measured > limit else "ok"
    return Compared(feature, served, expected, measured, by_chance(served, expected), limit, verdict)


def _distribution(counts: NumberCounts | TextCounts) -> dict[str, Any]:
    if isinstance(counts, TextCounts):
        return {"count": counts.count, "values": dict(sorted(counts.values.items()))}
    described = {"mean": counts.mean, "deviation": counts.deviation, "median": counts.median} if counts.count else {}
    return {"count": counts.count, "bins": counts.bins, **described}
