"""What the sources do not say of their records."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from visage.data.labels import UNKNOWN
from visage.data.records import FaceRecord

FEATURES = (
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
        """For each source how many records were read, and for each feature in how many it is unknown."""
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
