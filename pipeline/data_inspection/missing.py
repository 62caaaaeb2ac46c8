"""Counts missing values by source."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from visage.data.labels import UNKNOWN
from visage.data.records import FaceRecord

FEATURES = (
    "age_label",
    "age",
    "age_group",
    "gender",
    "race",
    "identity",
    "fold",
    "face_score",
    "second_face_score",
    "apparent_age_mean",
    "apparent_age_std",
)


class Missing:
    """Counts unknown values of kept and of dropped records by source."""

    def __init__(self) -> None:
        self._unknown: Counter[tuple[str, str, str]] = Counter()
        self._records: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, fate: str, record: FaceRecord) -> None:
        """Counts one record; `fate`: 'kept' or 'dropped'."""
        self._records[source, fate] += 1
        for feature in FEATURES:
            if getattr(record, feature) in (None, UNKNOWN):
                self._unknown[source, fate, feature] += 1

    def table(self, sources: Sequence[str]) -> list[dict[str, Any]]:
        """Returns for each source the number of records, and for each feature the number of unknown values."""
        return [
            {
                "source": source,
                **{fate: self._records[source, fate] for fate in ("kept", "dropped")},
                "unknown": {
                    feature: {fate: self._unknown[source, fate, feature] for fate in ("kept", "dropped")}
                    for feature in FEATURES
                },
            }
            for source in sources
        ]
