"""The list of rows that became no record: one line of JSON each, with the row's content and the reason."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from visage.errors import shortened

SKIPPED_ROWS = "skipped-rows.jsonl"
"""Name of the list in the folder of a prepared data set."""

ROW_UNREADABLE = "row_unreadable"
"""The reason for a row of a table that cannot be parsed."""


@dataclass(frozen=True)
class SkippedRow:
    """One row of an archive that became no record.

    Attributes:
        row: position: the name of a file, or of a table and the row in it.
        reason: name under which the row is counted.
        why: the reason in words, with the value that could not be parsed.
        value: content of the row: a path, a line, or its texts by column.
    """

    row: str
    reason: str
    why: str
    value: str | Mapping[str, str] = ""

    @property
    def as_text(self) -> str:
        """Returns one line for people, whatever bytes the names contain."""
        named = isinstance(self.value, str) and self.value != self.row and self.reason != ROW_UNREADABLE
        image = f"{shortened(str(self.value))}: " if named else ""
        return f"{shortened(self.row)}: {image}{self.why}"

    def to_line(self) -> bytes:
        """Returns a line of JSON in ASCII, because names may contain bytes that are not UTF-8."""
        return json.dumps(asdict(self)).encode()


def read_skipped_rows(path: Path) -> Iterator[SkippedRow]:
    """Yields the rows of a list.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line does not have the format of `to_line`.
    """
    with path.open("rb") as file:
        for line in file:
            try:
                yield SkippedRow(**json.loads(line))
            except TypeError as error:
                raise ValueError(f"{path}: not a list of skipped rows") from error


def examples_of(rows: Iterable[SkippedRow]) -> dict[str, str]:
    """Returns the most frequent cause for each reason: its first row, and the number of rows with this cause."""
    first: dict[tuple[str, str], SkippedRow] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        cause = (row.reason, row.why)
        first.setdefault(cause, row)
        counts[cause] += 1
    examples: dict[str, str] = {}
    for (reason, why), count in counts.most_common():
        more = f" ({count:,} such rows)" if count > 1 else ""
        examples.setdefault(reason, f"{first[reason, why].as_text}{more}")
    return examples
