"""Cleaning and alignment of a chunk: prepared records to aligned candidates and to the rows to compare them by."""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import apache_beam as beam
import numpy as np

from components.face_example_gen.beam.align_image import ImageAligner, Outcome, UnusableImage, installed_libraries
from components.face_example_gen.beam.chunks import Chunk, read_chunk
from components.face_example_gen.beam.kept_outcomes import KeptOutcomes, key_of
from components.face_example_gen.beam.metrics import count_drop, count_image, count_repaired, count_reused
from components.face_example_gen.beam.record_files import write_bytes, write_lines, write_records
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.cleaning import age_out_of_range, outside_protocol, reason_to_drop
from visage.data.duplicates.decisions import ROW, excluded_copy_row, row_of
from visage.data.failures import PICTURE_FAILED, RECORD_UNREADABLE, GroupLabels, groups_of
from visage.data.prepared_dataset import part_name
from visage.data.prepared_rows import face_box, to_record
from visage.data.records import FaceRecord, to_example
from visage.data.split import split_of

_AGE_RULES = (age_out_of_range.__name__, outside_protocol.__name__)

# One byte of a worker's progress file for each record.
KEPT, DROPPED = b".", b"x"

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A record with an aligned face.

    Attributes:
        record: its image is the crop.
        row: one element of ROW.
    """

    record: FaceRecord
    row: np.ndarray


@dataclass(frozen=True)
class Drop:
    """A dropped record and the rule that dropped it.

    Attributes:
        key: key of the record.
        rule: name of the rule.
        image_digest: digest of its image; None where the record is unreadable.
        excluded_copy: one element of ROW, if copies of the image must be compared with the record; else None.
        detail: the reason within the rule; None if the rule has one reason alone.
        labels: the groups of the record; None where the record is unreadable.
    """

    key: str
    rule: str
    image_digest: str | None = None
    excluded_copy: np.ndarray | None = None
    detail: str | None = None
    labels: GroupLabels | None = None


class _DropError(Exception):
    """Raised for an unusable face, with the rule's name and a detail or None."""

    def __init__(self, rule: str, detail: str | None = None) -> None:
        super().__init__(rule, detail)
        self.rule = rule
        self.detail = detail


def candidates_name(chunk: Chunk) -> str:
    """Returns the name of the file that keeps a chunk's aligned records until they are compared with all others."""
    return f"candidates-{chunk.name}"


def drops_name(chunk: Chunk) -> str:
    """Returns the name of the file that keeps a chunk's drops, in the format of `drop_line`."""
    return f"drops-{chunk.name}"


def rows_name(chunk: Chunk) -> str:
    """Returns the name of the file that a chunk's candidates are compared by: ROW, in the order of the candidates."""
    return f"rows-{chunk.name}"


def excluded_copies_name(chunk: Chunk) -> str:
    """Returns the name of the file of a chunk's records that were dropped for their age: ROW."""
    return f"excluded-copies-{chunk.name}"


class CleanAndAlign(beam.DoFn):
    """Converts each record of a chunk to a candidate or a drop, in files; yields the chunk when it is complete.

    The files depend on the chunk alone, so a retried bundle writes the same.
    """

    def __init__(
        self, settings: FaceExampleGenSettings, work_dir: str, progress_dir: str | None, kept_dir: str | None = None
    ) -> None:
        """Takes the arguments of `transforms.build`."""
        self._settings = settings
        self._work_dir = work_dir
        self._progress_dir = progress_dir
        self._kept_dir = kept_dir
        self._libraries = installed_libraries()

    def setup(self) -> None:
        """Creates the objects that cannot be pickled, once per worker."""
        self._aligner = ImageAligner(self._settings.alignment, self._settings.cleaning)
        # Other versions may make other pixels, and a worker's machine may have others than that of the run.
        self._kept_outcomes = KeptOutcomes(self._kept_dir if installed_libraries() == self._libraries else None)
        self._progress = _progress_file(self._progress_dir)

    def process(self, chunk: Chunk) -> Iterator[Chunk]:
        """Writes the chunk's candidates, their rows, and its drops."""
        rows: list[np.ndarray] = []
        drops: list[bytes] = []
        excluded_copies: list[np.ndarray] = []
        with self._kept_outcomes.new_part():
            write_records(self._work_dir, candidates_name(chunk), self._candidates(chunk, rows, drops, excluded_copies))
        write_lines(self._work_dir, drops_name(chunk), drops)
        write_bytes(self._work_dir, rows_name(chunk), np.array(rows, ROW).tobytes())
        write_bytes(self._work_dir, excluded_copies_name(chunk), np.array(excluded_copies, ROW).tobytes())
        yield chunk

    def teardown(self) -> None:
        """Closes the worker's files."""
        self._progress.close()
        self._kept_outcomes.close()

    def _candidates(
        self, chunk: Chunk, rows: list[np.ndarray], drops: list[bytes], excluded_copies: list[np.ndarray]
    ) -> Iterator[bytes]:
        for offset, serialized in read_chunk(chunk):
            outcome = self._outcome(chunk, offset, serialized)
            if isinstance(outcome, Kept):
                rows.append(outcome.row)
                yield to_example(outcome.record)
            else:
                drops.append(drop_line(outcome, chunk.file, offset))
                count_drop(outcome.rule)
                if outcome.excluded_copy is not None:
                    excluded_copies.append(outcome.excluded_copy)
            count_image()
            # A full disk must not stop the run just because the progress file cannot be written.
            with suppress(OSError):
                self._progress.write(KEPT if isinstance(outcome, Kept) else DROPPED)

    def _outcome(self, chunk: Chunk, offset: int, serialized: bytes) -> Kept | Drop:
        try:
            record = to_record(chunk.dataset, serialized, self._settings.cleaning, chunk.span)
        except Exception:
            # Several damaged records may have the same content, so the key contains the position.
            place = f"{chunk.number}-{offset}"
            part = part_name(chunk.dataset, chunk.span)
            key = f"{part}/unreadable-{hashlib.sha256(serialized).hexdigest()[:16]}-{place}"
            _LOGGER.exception("%s cannot be read", key)
            return Drop(key, RECORD_UNREADABLE)
        try:
            return self._kept(record, chunk, offset)
        except _DropError as drop:
            excluded_copy = excluded_copy_row(record, chunk.number, offset) if drop.rule in _AGE_RULES else None
            return Drop(record.key, drop.rule, record.image_digest, excluded_copy, drop.detail, groups_of(record))
        except Exception:  # An unforeseen error in one image drops that image alone.
            _LOGGER.exception("%s cannot be turned into a crop", record.key)
            return Drop(record.key, PICTURE_FAILED, record.image_digest, labels=groups_of(record))

    def _kept(self, record: FaceRecord, chunk: Chunk, offset: int) -> Kept:
        rule = reason_to_drop(record, self._settings.cleaning, self._settings.split)
        if rule:
            raise _DropError(rule)
        outcome = self._outcome_of_image(record)
        if outcome.repaired:
            count_repaired()
        if isinstance(outcome, UnusableImage):
            raise _DropError(outcome.rule, outcome.detail)
        row = row_of(record, split_of(record, self._settings.split), outcome.hash, chunk.number, offset)
        return Kept(replace(record, image=outcome.image, **asdict(outcome.quality)), row)

    def _outcome_of_image(self, record: FaceRecord) -> Outcome:
        box = face_box(record)
        key = key_of(record.image_digest, box)
        outcome = self._kept_outcomes.find(key)
        if outcome is None:
            outcome = self._aligner.outcome(record.image, box)
            self._kept_outcomes.add(key, outcome)
        else:
            count_reused()
        return outcome


def _progress_file(folder: str | None) -> BinaryIO:
    """Opens a file for this worker alone, which grows by one byte per image; None: no progress is shown."""
    path = os.devnull if folder is None else f"{folder}/{os.getpid()}-{uuid.uuid4().hex}"
    return Path(path).open("ab", buffering=0)


def drop_line(drop: Drop, file: str, offset: int, **why: object) -> bytes:
    """Returns a drop as a line of JSON.

    It has the key, rule, file and offset of the record, and where they are known its digest, detail, labels and `why`.
    """
    line: dict[str, object] = {"key": drop.key, "rule": drop.rule, "file": file, "offset": offset}
    if drop.image_digest is not None:
        line["picture_digest"] = drop.image_digest
    if drop.detail is not None:
        line["detail"] = drop.detail
    if drop.labels is not None:
        line["labels"] = asdict(drop.labels)
    return json.dumps({**line, **why}).encode()
