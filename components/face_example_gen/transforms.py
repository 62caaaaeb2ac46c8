"""The Beam part of FaceExampleGen: prepared records in, aligned examples and a list of drops out.

Workers import this module; it brings in neither TFX nor TensorFlow, so that they start in a second or two.
"""

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.tfrecordio import ReadAllFromTFRecord, _TFRecordUtil

from components.face_example_gen.settings import FaceExampleGenSettings
from components.face_example_gen.sources import to_record
from components.faces.align import align
from components.faces.choose import choose
from components.faces.cleaning import reason_to_drop
from components.faces.decode import DecodeError, decode
from components.faces.detect import make_detector
from components.faces.encode import encode
from components.faces.records import to_example
from components.faces.resize import resize
from components.faces.split import split_of

DROPPED = "dropped"
RECORDS_A_SHARD = 2000


@dataclass(frozen=True)
class Source:
    """One prepared data set: its TFDS name, its record files, and how many records they hold."""

    dataset: str
    files: tuple[str, ...]
    records: int


@dataclass(frozen=True)
class Kept:
    """An aligned face on its way to a file."""

    split: str
    key: str
    example: bytes


@dataclass(frozen=True)
class Drop:
    """A record that goes no further, and the rule that says so."""

    dataset: str
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
        drops_dir: gets `dropped-SSSSS-of-NNNNN.jsonl`: dataset, key and rule of every drop.
        progress_dir: a local folder in which each worker's file grows by one byte a record.
    """
    total = sum(source.records for source in sources)
    shares = settings.split.model_dump()
    shards = {name: max(1, round(total * share / RECORDS_A_SHARD)) for name, share in shares.items()}
    shards[DROPPED] = 1
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
        dataset, serialized = element
        record = to_record(dataset, serialized)
        rule = reason_to_drop(record, self._settings.cleaning)
        try:
            if rule:
                raise _DropError(rule)
            crop = self._crop(record.image)
            kept = replace(record, image=crop)
            yield Kept(split_of(record.identity, self._shares), record.key, to_example(kept))
        except _DropError as reason:
            yield Drop(dataset, record.key, str(reason))
        self._progress.write(b".")

    def teardown(self) -> None:
        """Closes the worker's progress file."""
        self._progress.close()

    def _crop(self, picture: bytes) -> bytes:
        alignment = self._settings.alignment
        try:
            image = decode(picture)
        except DecodeError:
            raise _DropError("picture_undecodable") from None
        if self._detector is None:
            return encode(resize(image, alignment.size), alignment.jpeg_quality)
        faces = self._detector.detect(image)
        if not faces:
            raise _DropError("no_face")
        face = choose(faces, image.shape)
        if face.size < self._settings.cleaning.min_face_size:
            raise _DropError("face_too_small")
        try:
            crop = align(image, face.landmarks, alignment)
        except ValueError:
            raise _DropError("landmarks_unusable") from None
        return encode(crop, alignment.jpeg_quality)


class WriteShard(beam.DoFn):
    """Writes one shard: sorted, to a temporary name, renamed when it is whole."""

    def __init__(self, examples_dir: str, drops_dir: str, shards: Mapping[str, int]) -> None:
        self._examples_dir = examples_dir
        self._drops_dir = drops_dir
        self._shards = shards

    def process(self, element: tuple[tuple[str, int], Iterable[Kept | Drop]]) -> None:
        """`element`: (split or DROPPED, shard number) and what belongs there."""
        (name, number), outcomes = element
        place = f"{number:05d}-of-{self._shards[name]:05d}"
        ordered = sorted(outcomes, key=lambda outcome: outcome.key)
        if name == DROPPED:
            drops = [outcome for outcome in ordered if isinstance(outcome, Drop)]
            _write_lines(f"{self._drops_dir}/dropped-{place}.jsonl", drops)
        else:
            kept = [outcome for outcome in ordered if isinstance(outcome, Kept)]
            _write_examples(f"{self._examples_dir}/Split-{name}/data_tfrecord-{place}.gz", kept)


def _with_shard(outcome: Kept | Drop, shards: Mapping[str, int]) -> tuple[tuple[str, int], Kept | Drop]:
    name = outcome.split if isinstance(outcome, Kept) else DROPPED
    # Not `hash`, which differs between processes.
    return (name, sum(outcome.key.encode()) % shards[name]), outcome


def _write_examples(path: str, kept: Sequence[Kept]) -> None:
    partial = f"{path}.partial-{uuid.uuid4().hex}"
    with FileSystems.create(partial, compression_type=CompressionTypes.GZIP) as file:
        for outcome in kept:
            _TFRecordUtil.write_record(file, outcome.example)
    _rename(partial, path)


def _write_lines(path: str, drops: Sequence[Drop]) -> None:
    partial = f"{path}.partial-{uuid.uuid4().hex}"
    with FileSystems.create(partial) as file:
        for drop in drops:
            file.write((json.dumps({"dataset": drop.dataset, "key": drop.key, "rule": drop.rule}) + "\n").encode())
    _rename(partial, path)


def _rename(partial: str, path: str) -> None:
    if FileSystems.exists(path):
        FileSystems.delete([path])
    FileSystems.rename([partial], [path])
