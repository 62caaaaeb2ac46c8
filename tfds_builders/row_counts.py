"""Counts of the rows of an archive, stored as TFDS metadata with the prepared records."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

import tensorflow_datasets as tfds

from tfds_builders.entries import IMAGE_UNREADABLE, Entry, reason_without_row
from tfds_builders.skipped_rows import SKIPPED_ROWS, SkippedRow, examples_of
from visage.errors import shortened


class RowCounts(tfds.core.MetadataDict):
    """{"rows": N, "yielded": M, "skipped": {reason: n}}; rows == yielded + sum(skipped) after a whole preparation.

    A data set may add its own counts of irregular labels, e.g. {"mapped_labels": {"35": 294}}, which skip no row. The
    skipped rows themselves are saved as a list, see `skipped_rows`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._skipped: list[SkippedRow] = []

    def start(self, rows: int, *tallies: str) -> None:
        """Starts the counts for `rows` rows and for the named `tallies`."""
        self.clear()
        self._skipped.clear()
        self.update(rows=rows, yielded=0, skipped={}, **{tally: {} for tally in tallies})

    def count_yielded(self) -> None:
        """Counts one row that became a record."""
        self["yielded"] += 1

    def skip(self, row: SkippedRow) -> None:
        """Counts one row that became no record."""
        self["skipped"][row.reason] = self["skipped"].get(row.reason, 0) + 1
        self._skipped.append(row)

    def skip_unlisted(self, files: Iterable[Entry], tables: Collection[str] = ()) -> None:
        """Counts files that no row of a table names, each as an additional row, except the tables themselves."""
        for file in files:
            if file.name not in tables:
                self["rows"] += 1
                self.skip(_unlisted(file))

    def count_odd(self, tally: str, what: str) -> None:
        """Counts one irregular row in a tally, under a text that may come from the archive."""
        what = shortened(what)
        self[tally][what] = self[tally].get(what, 0) + 1

    @property
    def example(self) -> str:
        """Returns ', e.g. ...' with a skipped row, preferably an unreadable image; '' if no row was skipped."""
        if not self._skipped:
            return ""
        reasons = self["skipped"]
        reason = IMAGE_UNREADABLE if IMAGE_UNREADABLE in reasons else max(reasons, key=reasons.__getitem__)
        return f", e.g. {examples_of(self._skipped)[reason]}"

    def save_metadata(self, data_dir: str | os.PathLike[str]) -> None:
        """Saves the counts and the list; TFDS calls this after it has written all records."""
        super().save_metadata(data_dir)
        with Path(os.fspath(data_dir), SKIPPED_ROWS).open("wb") as file:
            file.writelines(row.to_line() + b"\n" for row in self._skipped)


def _unlisted(file: Entry) -> SkippedRow:
    reason, why = reason_without_row(file)
    if not reason:
        reason, why = "picture_unlisted", "no row of the table names this image"
    return SkippedRow(file.name, reason, why, file.name)
