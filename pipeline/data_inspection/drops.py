"""Reads the list of drops that FaceExampleGen wrote, and the prepared records of the drops."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from visage.data.prepared_rows import to_record
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings
from visage.data.tfrecords import read_at
from visage.errors import VisageError


@dataclass(frozen=True)
class Drop:
    """One line of `dropped-*.jsonl`.

    Attributes:
        key: of the record; it starts with the data set's name.
        rule: that dropped it.
        file: the uncompressed TFRecord file of the prepared data set in which the record is.
        offset: bytes from the file's start.
        image_digest: 32 hexadecimal digits; '' if the record was dropped before they were computed.
        disagree: features on which byte-identical images disagree.
        near_duplicate: first 16 digits of the image digest of the near duplicate in another split; '' for other rules.
    """

    key: str
    rule: str
    file: str
    offset: int
    image_digest: str = ""
    disagree: tuple[str, ...] = ()
    near_duplicate: str = ""


def read_drops(folder: Path) -> Iterator[Drop]:
    """Yields every drop in a folder with `dropped-*.jsonl`, file after file, line after line.

    Raises:
        VisageError: a line is not what FaceExampleGen writes.
    """
    for path in sorted(folder.glob("dropped-*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    values = json.loads(line)
                    yield Drop(
                        values["key"],
                        values["rule"],
                        values["file"],
                        values["offset"],
                        values.get("picture_digest") or "",
                        tuple(values.get("disagree") or ()),
                        values.get("near_duplicate") or "",
                    )
                except (ValueError, KeyError, TypeError):
                    raise VisageError(
                        f"{path}, line {number}: not a drop as this version writes it; clean the data again"
                    ) from None


class PreparedRecords:
    """Reads the records of drops; use it in a `with` statement, which closes the files."""

    def __init__(self, settings: CleaningSettings, *, by_span: bool = False) -> None:
        """Takes the settings of the cleaning, and whether keys name a span after the data set."""
        self._settings = settings
        self._by_span = by_span
        self._files: dict[str, IO[bytes] | None] = {}
        self._open = ExitStack()

    def __enter__(self) -> "PreparedRecords":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, dataset: str, drop: Drop) -> FaceRecord | str:
        """Returns the record as its source has it, or the reason why it cannot be read."""
        file = self._file(drop.file)
        if file is None:
            return "the prepared file is gone"
        try:
            serialized = read_at(file, drop.offset)
        except (OSError, EOFError, ValueError) as error:
            return f"the prepared record cannot be read ({error})"
        span = drop.key[len(dataset) + 1 :].partition("/")[0] if self._by_span else ""
        try:
            record = to_record(dataset, serialized, self._settings, span)
        except Exception:  # A record of another version can raise anything.
            return "the prepared record is of another version"
        return record if record.key == drop.key else "the prepared file has changed"

    def _file(self, path: str) -> IO[bytes] | None:
        if path not in self._files:
            self._files[path] = self._opened(Path(path))
        return self._files[path]

    def _opened(self, path: Path) -> IO[bytes] | None:
        with suppress(OSError):
            return self._open.enter_context(path.open("rb"))
        return None
