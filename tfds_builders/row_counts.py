"""What became of every row of an archive, kept as TFDS metadata beside the prepared records."""

import tensorflow_datasets as tfds

from components.errors import shortened


class RowCounts(tfds.core.MetadataDict):
    """{"rows": N, "yielded": M, "skipped": {reason: n}}; rows == yielded + sum(skipped) after a whole preparation.

    Beside them stand a data set's own tallies of what is odd in it, {"mapped_labels": {"35": 294}} for instance, which
    cost no row.
    """

    def start(self, rows: int, *tallies: str) -> None:
        """Begins to count the disposal of `rows` rows, and whatever `tallies` name."""
        self.clear()
        self.update(rows=rows, yielded=0, skipped={}, **{tally: {} for tally in tallies})

    def count_yielded(self) -> None:
        """One more row became a record."""
        self["yielded"] += 1

    def count_skipped(self, reason: str, rows: int = 1) -> None:
        """`rows` more rows became no record, all for the same reason."""
        if rows:
            self["skipped"][reason] = self["skipped"].get(reason, 0) + rows

    def count_odd(self, tally: str, what: str) -> None:
        """One more row is odd in this way, which may be a text of the archive's."""
        what = shortened(what)
        self[tally][what] = self[tally].get(what, 0) + 1
