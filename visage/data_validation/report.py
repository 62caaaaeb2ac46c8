"""`validation.json`, stored with the anomalies: the findings and the comparisons that `visage run` shows."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from visage.files import write_atomically

_FILE = "validation.json"


@dataclass(frozen=True)
class ValidationReport:
    """The result of one validation.

    Attributes:
        anomalies: one line each, with its splits.
        drift: the splits that were compared with those of the last run whose data passed.
        skew: the splits that were compared with train.
    """

    anomalies: Sequence[str]
    drift: Sequence[str]
    skew: Sequence[str]

    def write(self, folder: Path) -> None:
        """Writes the report into the artifact's folder."""
        write_atomically(folder / _FILE, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def read_report(folder: Path) -> ValidationReport:
    """Reads the report from an artifact's folder."""
    return ValidationReport(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
