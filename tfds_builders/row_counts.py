"""What became of every row of an archive, kept as TFDS metadata beside the prepared records."""

import tensorflow_datasets as tfds


class RowCounts(tfds.core.MetadataDict):
    """{"rows": N, "yielded": M, "skipped": {reason: n}}; rows == yielded + sum(skipped) after a whole preparation."""

    def start(self, rows: int) -> None:
        """Begins to count the disposal of `rows` rows."""
        self.update(rows=rows, yielded=0, skipped={})

    def count_yielded(self) -> None:
        """One more row became a record."""
        self["yielded"] += 1

    def count_skipped(self, reason: str, rows: int = 1) -> None:
        """`rows` more rows became no record, all for the same reason."""
        if rows:
            self["skipped"][reason] = self["skipped"].get(reason, 0) + rows
