"""Names, writes and reads the files of statistics: one for each UTC day, version of a model, and run of a server.

No two servers write the same file, and a server whose clock is set back to an earlier day begins a new one. Nothing
coordinates servers: a reader adds the files up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import statistics_pb2

from visage.data.tfrecords import read_at, write_record
from visage.files import atomic_file
from visage.monitoring.counts import Counts
from visage.monitoring.messages import from_message, to_message

# Of requests that were refused before a version was chosen.
NO_VERSION = "none"

ENDING = ".tfrecord"
"""Of the files, and of a baseline that `visage monitor` wrote."""
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})_(.+)_(\d+|none)_([0-9a-f]+-\d+)\.tfrecord")


@dataclass(frozen=True)
class StatisticsFile:
    """What the name of a file says.

    Attributes:
        day: in UTC.
        model: as requests name it.
        version: its digits, or `NO_VERSION`.
        writer: the run of a server, and a number that counts its files.
    """

    day: date
    model: str
    version: str
    writer: str

    @property
    def name(self) -> str:
        """Returns the name of the file.

        >>> StatisticsFile(date(2026, 11, 29), "visage", "7", "5d41402a-3").name
        '2026-11-29_visage_7_5d41402a-3.tfrecord'
        """
        return f"{self.day.isoformat()}_{quote(self.model, safe='')}_{self.version}_{self.writer}{ENDING}"


def parse_name(name: str) -> StatisticsFile | None:
    """Returns what the name of a file says; None: it is no file of statistics."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        day = datetime.strptime(match[1], "%Y-%m-%d").date()
    except ValueError:
        return None
    return StatisticsFile(day, unquote(match[2]), match[3], match[4])


def write_counts(path: Path, counts: Counts) -> None:
    """Writes counts as one TFRecord with a DatasetFeatureStatisticsList, whole or not at all, for its owner alone.

    Raises:
        OSError: the folder is missing, not writable, or full.
    """
    record = to_message(counts).SerializeToString()
    # A histogram of few faces is personal data.
    with atomic_file(path) as partial, open(partial, "wb", opener=_open_private) as file:
        write_record(file, record)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_counts(path: Path) -> Counts:
    """Reads what `write_counts` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or another version of VisAge wrote it.
    """
    try:
        with path.open("rb") as file:
            return from_message(statistics_pb2.DatasetFeatureStatisticsList.FromString(read_at(file, 0)))
    except (EOFError, DecodeError) as error:
        raise ValueError(f"it is damaged ({error})") from error


def statistics_files(folder: Path) -> Iterator[tuple[StatisticsFile, Path]]:
    """Yields the files of statistics in a folder, the earliest day first.

    Raises:
        OSError: the folder cannot be listed.
    """
    for path in sorted(folder.iterdir()):
        found = parse_name(path.name)
        if found is not None:
            yield found, path
