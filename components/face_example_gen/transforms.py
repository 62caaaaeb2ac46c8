"""The Beam part of FaceExampleGen: prepared records in, aligned examples and a list of drops out.

Workers import this module; it brings in neither TFX nor TensorFlow, so that they start in a second or two.
"""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.tfrecordio import ReadAllFromTFRecord, _TFRecordUtil

from components.errors import VisageError
from components.face_example_gen.prepare import Source
from components.face_example_gen.settings import FaceExampleGenSettings
from components.face_example_gen.sources import to_record
from components.faces.align import align
from components.faces.choose import choose
from components.faces.cleaning import reason_to_drop
from components.faces.decode import DecodeError, decode
from components.faces.detect import make_detector
from components.faces.encode import encode
from components.faces.records import FaceRecord, to_example
from components.faces.resize import resize
from components.faces.split import split_of

DROPPED = "dropped"
RECORDS_A_SHARD = 2000

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """An aligned face on its way to a file."""

    split: str
    key: str
    example: bytes


@dataclass(frozen=True)
class Drop:
    """A record that goes no further, and the rule that says so."""

    key: str
    rule: str


class _DropError(Exception):
    """Raised where a face cannot be used; the message is the rule's name."""


def build(
    pipeline: beam.Pipeline,
    sources: Sequence[Source],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    progress_dir: str,
) -> None:
    """Adds everything from reading to writing to `pipeline`.

    Args:
        sources: what to read.
        settings: rules, alignment and split.
        examples_dir: gets `Split-<name>/data_tfrecord-SSSSS-of-NNNNN.gz`; a shard's content depends on the records
            alone, so a bundle that is tried again writes the same file.
        drops_dir: gets `dropped-SSSSS-of-NNNNN.jsonl`: key and rule of every drop.
        progress_dir: a local folder in which each worker's file grows by one byte a record.
    """
    total = sum(source.records for source in sources)
    shares = settings.split.model_dump()
    shards = {name: max(1, round(total * share / RECORDS_A_SHARD)) for name, share in shares.items()}
    shards[DROPPED] = 1
    for name in shares:
        FileSystems.mkdirs(f"{examples_dir}/Split-{name}")
    read = [
        pipeline
        | f"files of {source.dataset}" >> beam.Create(source.files)
        | f"read {source.dataset}" >> ReadAllFromTFRecord()
        | f"name {source.dataset}" >> beam.Map(lambda record, dataset: (dataset, record), source.dataset)
        for source in sources
    ]
    outcomes = (
        read
        | beam.Flatten()
        | "spread evenly" >> beam.Reshuffle()
        | "clean and align" >> beam.ParDo(CleanAndAlign(settings, progress_dir))
    )
    _ = (
        outcomes
        | "by shard" >> beam.Map(_with_shard, shards)
        | beam.GroupByKey()
        | "write" >> beam.ParDo(WriteShard(examples_dir, drops_dir, shards))
    )


class CleanAndAlign(beam.DoFn):
    """Turns each prepared record into a Kept or a Drop."""

    def __init__(self, settings: FaceExampleGenSettings, progress_dir: str) -> None:
        self._settings = settings
        self._progress_dir = progress_dir

    def setup(self) -> None:
        """Makes what cannot be pickled, once a worker."""
        name = self._settings.alignment.detector
        self._detector = None if name == "none" else make_detector(name)
        self._progress = (Path(self._progress_dir) / f"{os.getpid()}-{uuid.uuid4().hex}").open("ab", buffering=0)
        self._shares = self._settings.split.model_dump()

    def process(self, element: tuple[str, bytes]) -> Iterator[Kept | Drop]:
        """`element`: the data set's name and the prepared record."""
        yield self._outcome(*element)
        # A full disk must not end the run for the sake of a progress bar.
        with suppress(OSError):
            self._progress.write(b".")

    def teardown(self) -> None:
        """Closes the worker's progress file."""
        self._progress.close()

    def _outcome(self, dataset: str, serialized: bytes) -> Kept | Drop:
        try:
            record = to_record(dataset, serialized)
        except Exception:
            key = f"{dataset}/unreadable-{hashlib.sha256(serialized).hexdigest()[:16]}"
            _LOGGER.exception("%s cannot be read", key)
            return Drop(key, "record_unreadable")
        try:
            return self._kept(record)
        except _DropError as reason:
            return Drop(record.key, str(reason))
        except Exception:  # Whatever is odd about one picture costs that picture alone.
            _LOGGER.exception("%s cannot be turned into a crop", record.key)
            return Drop(record.key, "picture_failed")

    def _kept(self, record: FaceRecord) -> Kept:
        rule = reason_to_drop(record, self._settings.cleaning)
        if rule:
            raise _DropError(rule)
        crop = encode(self._crop(record.image), self._settings.alignment.jpeg_quality)
        return Kept(split_of(record.identity, self._shares), record.key, to_example(replace(record, image=crop)))

    def _crop(self, picture: bytes) -> np.ndarray:
        try:
            image = decode(picture)
        except DecodeError:
            raise _DropError("picture_undecodable") from None
        if self._detector is None:
            return resize(image, self._settings.alignment.size)
        faces = self._detector.detect(image)
        if not faces:
            raise _DropError("no_face")
        face = choose(faces, image.shape)
        if face.size < self._settings.cleaning.min_face_size:
            raise _DropError("face_too_small")
        try:
            return align(image, face.landmarks, self._settings.alignment)
        except ValueError:
            raise _DropError("landmarks_unusable") from None


class WriteShard(beam.DoFn):
    """Writes one shard: sorted, to a temporary name, renamed when it is whole."""

    def __init__(self, examples_dir: str, drops_dir: str, shards: Mapping[str, int]) -> None:
        self._examples_dir = examples_dir
        self._drops_dir = drops_dir
        self._shards = shards

    def process(self, element: tuple[tuple[str, int], Iterable[Kept | Drop]]) -> None:
        """`element`: (split or DROPPED, shard number) and what belongs there.

        Raises:
            VisageError: the file cannot be written.
        """
        (name, number), outcomes = element
        place = f"{number:05d}-of-{self._shards[name]:05d}"
        ordered = sorted(outcomes, key=lambda outcome: outcome.key)
        if name == DROPPED:
            lines = [_line(outcome) for outcome in ordered if isinstance(outcome, Drop)]
            _write(self._drops_dir, f"dropped-{place}.jsonl", lines, _write_line, CompressionTypes.UNCOMPRESSED)
        else:
            examples = [outcome.example for outcome in ordered if isinstance(outcome, Kept)]
            path = f"Split-{name}/data_tfrecord-{place}.gz"
            _write(self._examples_dir, path, examples, _TFRecordUtil.write_record, CompressionTypes.GZIP)


def _with_shard(outcome: Kept | Drop, shards: Mapping[str, int]) -> tuple[tuple[str, int], Kept | Drop]:
    name = outcome.split if isinstance(outcome, Kept) else DROPPED
    # Not `hash`, which differs between processes.
    return (name, sum(outcome.key.encode()) % shards[name]), outcome


def _line(drop: Drop) -> bytes:
    return json.dumps({"key": drop.key, "rule": drop.rule}).encode()


def _write_line(file: IO[bytes], line: bytes) -> None:
    file.write(line + b"\n")


def _write(
    folder: str, path: str, items: Sequence[bytes], write: Callable[[IO[bytes], bytes], None], compression: str
) -> None:
    """Writes `folder`/`path`, under a temporary name first; not beside it, for TFX reads all that lies in a split.

    Raises:
        VisageError: it cannot be written.
    """
    target, partial = f"{folder}/{path}", f"{folder}/.partial-{uuid.uuid4().hex}"
    try:
        with FileSystems.create(partial, compression_type=compression) as file:
            for item in items:
                write(file, item)
        if FileSystems.exists(target):
            FileSystems.delete([target])
        FileSystems.rename([partial], [target])
    except (OSError, BeamIOError) as error:
        raise VisageError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
