"""`validation.json` beside the anomalies: what was found and what was compared, as `visage run` shows it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from visage.files import write_atomically

_FILE = "validation.json"


@dataclass(frozen=True)
class ValidationReport:
    """The outcome of one validation.

    Attributes:
        anomalies: a line each, with the splits where it is.
        drift: the splits that were compared with those of the last run whose data passed.
        skew: the splits that were compared with train.
    """

    anomalies: Sequence[str]
    drift: Sequence[str]
    skew: Sequence[str]

    def write(self, folder: Path) -> None:
        """Writes it into the artifact's folder."""
        write_atomically(folder / _FILE, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def read_report(folder: Path) -> ValidationReport:
    """The report in an artifact's folder."""
    return ValidationReport(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
