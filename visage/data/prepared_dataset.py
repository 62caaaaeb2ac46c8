"""A data set that its TFDS builder has prepared: its files and its counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def part_name(dataset: str, span: str) -> str:
    """Returns what the keys of records start with: the data set, and the span if there is one.

    >>> part_name("utkface", "2026-11"), part_name("utkface", "")
    ('utkface/2026-11', 'utkface')
    """
    return f"{dataset}/{span}" if span else dataset


@dataclass(frozen=True)
class PreparedDataset:
    """One prepared data set.

    Attributes:
        dataset: its TFDS name.
        files: the files with its records.
        records: how many records they hold.
        archive_rows: rows of the archive, as the builder counted them.
        skipped: rows that became no record, by reason.
        skipped_rows: file with a line of JSON for each of them; None where no row is listed.
        examples: the commonest cause of each reason, with a row of it.
        span: the span of the archives that it was prepared from; '': there are no spans.
    """

    dataset: str
    files: tuple[str, ...]
    records: int
    archive_rows: int
    skipped: Mapping[str, int]
    skipped_rows: Path | None = None
    examples: Mapping[str, str] = field(default_factory=dict)
    span: str = ""

    @property
    def name(self) -> str:
        """Returns what the keys of its records start with: the data set, and the span if there is one."""
        return part_name(self.dataset, self.span)
