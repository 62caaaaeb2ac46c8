"""Reports of anomalies: the error that stops a run, and `validation.json`, which `visage run` shows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from visage.files import write_atomically

_FILE = "validation.json"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One anomaly of one split.

    Attributes:
        text: "feature: what is wrong".
        key: the configuration's key that accepts the anomaly when it is null; None for a violation of the schema.
    """

    text: str
    key: str | None = None


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


def merge_findings(found: Mapping[str, Sequence[Finding]]) -> dict[str, Finding]:
    """Returns each finding once, by a line that names its splits.

    Args:
        found: by split.
    """
    splits: dict[Finding, list[str]] = {}
    for split, split_findings in found.items():
        for finding in split_findings:
            splits.setdefault(finding, []).append(split)
    return {f"{finding.text} (in {', '.join(where)})": finding for finding, where in splits.items()}


def anomalies_message(merged: Mapping[str, Finding]) -> str:
    """Returns the line of the error that stops a run: the first findings, the number of the others, the fixes.

    Args:
        merged: the result of `merge_findings`; not empty.
    """
    named = list(merged)[:_MOST_NAMED]
    more = len(merged) - len(named)
    return (
        f"the examples have anomalies: {'; '.join(named)}"
        + (f"; and {more} more" if more else "")
        + "".join(_fixes(merged.values()))
    )


def _fixes(found: Collection[Finding]) -> list[str]:
    keys = sorted({finding.key for finding in found if finding.key})
    fixes = []
    if any(finding.key is None for finding in found):
        fixes.append(". Correct the data or the cleaning rules, or the schema if the data is right")
        fixes.append("; --set validation.anomalies=warn continues the run in spite of them")
    if keys:
        accepting = " ".join(f"--set {key}=null" for key in keys)
        fixes.append(f". If the change of the data is intended, accept it for this run: {accepting}")
    return fixes
