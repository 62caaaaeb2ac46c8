"""Keeps the outcome of each image in files of the workspace, so that later runs detect and align only new images.

A part is two files: `NAME.faces`, a TFRecord file of outcomes, and `NAME.index`, ENTRY for each record. The index is
written last; a part without it does not count. A record starts with its key, so a damaged index cannot give an image
the face of another one. Whatever is missing, cut off or damaged counts as not kept.
"""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO

import numpy as np

from components.face_example_gen.beam.align_image import AlignedFace, Outcome, UnusableImage
from visage.data.tfrecords import read_at, write_record
from visage.errors import VisageError
from visage.faces.quality import FaceQuality
from visage.faces.selection import Box
from visage.files import write_atomically

ENTRY = np.dtype([("key", "<u8", 2), ("offset", "<u8")])
"""Key of an outcome, and offset of its record in bytes."""

FACES, INDEX = ".faces", ".index"

_KEY_BYTES = 16
# What reading a damaged or vanished file raises.
_UNREADABLE = (OSError, EOFError, ValueError, OverflowError)

_LOGGER = logging.getLogger(__name__)


def key_of(image_digest: str, box: Box | None) -> bytes:
    """Returns the key of an image's outcome: 16 bytes of a SHA-256.

    Args:
        image_digest: 32 hexadecimal digits of the SHA-256 of the image, see `visage.data.records`.
        box: of the wanted face.
    """
    return hashlib.sha256(f"{image_digest} {box}".encode()).digest()[:_KEY_BYTES]


class KeptOutcomes:
    """The outcomes in one folder. Errors of the file system are logged and never stop the work."""

    def __init__(self, folder: str | None) -> None:
        """Reads the index; None: nothing is kept."""
        self._folder = None if folder is None else Path(folder)
        self._writable = folder is not None
        self._part: NewPart | None = None
        self._opened: tuple[int, IO[bytes]] | None = None
        self._load()

    def find(self, key: bytes) -> Outcome | None:
        """Returns the outcome that an earlier run kept under this key; None: there is none."""
        try:
            return self._find(key)
        except FileNotFoundError:
            # Another run has merged the part with others.
            self._load()
        try:
            return self._find(key)
        except FileNotFoundError:
            return None

    @contextmanager
    def new_part(self) -> Iterator[None]:
        """Keeps the outcomes that are added inside the `with` block as a part, unless the block fails."""
        self._part = NewPart(self._folder) if self._folder is not None and self._writable else None
        try:
            yield
            if self._part is not None:
                with self._logging_errors():
                    self._part.finish()
        finally:
            if self._part is not None:
                self._part.discard_unfinished()
            self._part = None

    def add(self, key: bytes, outcome: Outcome) -> None:
        """Adds an outcome to the new part."""
        if self._part is not None and self._writable:
            with self._logging_errors():
                self._part.add(key, _packed(key, outcome))

    def close(self) -> None:
        """Closes the file that was read last."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def _load(self) -> None:
        self.close()
        self._parts: list[Path] = []
        indexes: list[np.ndarray] = []
        numbers: list[np.ndarray] = []
        for part, index in read_indexes(self._folder) if self._folder is not None else ():
            numbers.append(np.full(len(index), len(self._parts), np.uint32))
            self._parts.append(part)
            indexes.append(index)
        entries = np.concatenate([np.empty(0, ENTRY), *indexes])
        order = np.argsort(entries["key"][:, 0], kind="stable")
        self._high = entries["key"][order, 0]
        self._offsets = entries["offset"][order]
        self._numbers = np.concatenate([np.empty(0, np.uint32), *numbers])[order]

    def _find(self, key: bytes) -> Outcome | None:
        high = np.frombuffer(key, "<u8")[0]
        place = int(np.searchsorted(self._high, high))
        # Two runs at once may have kept the same image, and one of both records may be damaged.
        while place < len(self._high) and self._high[place] == high:
            outcome = self._read(int(self._numbers[place]), int(self._offsets[place]), key)
            if outcome is not None:
                return outcome
            place += 1
        return None

    def _read(self, number: int, offset: int, key: bytes) -> Outcome | None:
        try:
            return _unpacked(read_at(self._file(number), offset), key)
        except FileNotFoundError:
            raise
        except _UNREADABLE:
            return None

    def _file(self, number: int) -> IO[bytes]:
        # Images come in the order in which they were kept, so one open file is enough.
        if self._opened is None or self._opened[0] != number:
            self.close()
            self._opened = (number, self._parts[number].open("rb"))
        return self._opened[1]

    @contextmanager
    def _logging_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, VisageError) as error:
            self._writable = False
            _LOGGER.warning(
                "%s: aligned faces cannot be kept there (%s), so the next run aligns them again", self._folder, error
            )


class NewPart:
    """Writes one part; without an outcome, no file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{uuid.uuid4().hex}{FACES}"
        self._file: IO[bytes] | None = None
        self._offsets: dict[bytes, int] = {}
        self._finished = False

    def add(self, key: bytes, record: bytes) -> None:
        """Adds a record that starts with its key, unless the part has that key.

        Raises:
            OSError: it cannot be written.
        """
        if key in self._offsets:
            return
        if self._file is None:
            self._file = self._path.open("wb")
        self._offsets[key] = self._file.tell()
        write_record(self._file, record)

    def finish(self) -> None:
        """Makes the part count.

        Raises:
            OSError, VisageError: it cannot be written.
        """
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        index = np.zeros(len(self._offsets), ENTRY)
        index["key"] = np.frombuffer(b"".join(self._offsets), "<u8").reshape(-1, 2)
        index["offset"] = list(self._offsets.values())
        write_atomically(self._path.with_suffix(INDEX), index.tobytes())
        self._finished = True

    def discard_unfinished(self) -> None:
        """Removes the file of a part that does not count."""
        if self._file is not None and not self._finished:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._path.unlink()


def read_indexes(folder: Path) -> Iterator[tuple[Path, np.ndarray]]:
    """Yields the file of outcomes and the index of each part that is there, oldest name first."""
    for path in sorted(folder.glob(f"*{INDEX}")):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if len(content) % ENTRY.itemsize == 0 and path.with_suffix(FACES).exists():
            yield path.with_suffix(FACES), np.frombuffer(content, ENTRY)


def read_part(path: Path, index: np.ndarray) -> Iterator[tuple[bytes, bytes]]:
    """Yields key and record of each readable outcome of a part."""
    try:
        with path.open("rb") as file:
            for entry in np.sort(index, order="offset"):
                with suppress(*_UNREADABLE):
                    record = read_at(file, int(entry["offset"]))
                    if record.startswith(key := entry["key"].tobytes()):
                        yield key, record
    except OSError:
        return


def _packed(key: bytes, outcome: Outcome) -> bytes:
    if isinstance(outcome, UnusableImage):
        return key + json.dumps(asdict(outcome)).encode() + b"\n"
    about = {"quality": asdict(outcome.quality), "hash": outcome.hash.tolist(), "repaired": outcome.repaired}
    return key + json.dumps(about).encode() + b"\n" + outcome.image


def _unpacked(record: bytes, key: bytes) -> Outcome | None:
    """Returns the outcome of a record; None if it is the record of another key."""
    if not record.startswith(key):
        return None
    about, _, image = record[len(key) :].partition(b"\n")
    values = json.loads(about)
    if "rule" in values:
        return UnusableImage(**values)
    hashes = np.array(values["hash"], np.uint64)
    return AlignedFace(image, hashes, FaceQuality(**values["quality"]), values["repaired"])
