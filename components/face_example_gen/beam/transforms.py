"""The Beam part of FaceExampleGen: prepared records in, aligned examples and lists of drops out.

Workers import this module; it brings in neither TFX nor TensorFlow, so that they start in a second or two. Images are
never shuffled: what moves between workers are places in files, and what becomes of copies.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np

from components.face_example_gen.beam.chunks import Chunk, SplitIntoChunks
from components.face_example_gen.beam.clean_and_align import CleanAndAlign, excluded_copies_name, rows_name
from components.face_example_gen.beam.partitions import Slice, read_partition, read_rows, write_partitions
from components.face_example_gen.beam.publish import PublishChunk
from components.face_example_gen.prepare import Source
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.duplicates import ROW, DuplicateDecision, find_duplicates
from visage.data.near_duplicates import BLOCK_ROW, block_rows, find_near_duplicates
from visage.faces.settings import CleaningSettings

# A worker takes a chunk at a time: enough of them to share them evenly, and not a file a few records.
_LEAST_RECORDS_A_CHUNK = 100
_MOST_RECORDS_A_CHUNK = 500
_CHUNKS_WANTED = 1000
# Records that are compared at a time; each has 36 rows of 45 bytes.
_RECORDS_A_SHARE = 25_000


def build(
    pipeline: beam.Pipeline,
    sources: Sequence[Source],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    work_dir: str,
    progress_dir: str | None,
) -> None:
    """Adds everything from reading to writing to `pipeline`.

    Args:
        sources: what to read.
        settings: rules, alignment and split.
        examples_dir: gets `Split-<name>/data_tfrecord-<chunk>.gz`; its folders are there already. What is in a file
            depends on the records alone, so a bundle that is tried again writes the same.
        drops_dir: gets `dropped-<chunk>.jsonl`, see `clean_and_align.drop_line`.
        work_dir: a folder that all workers reach, for what waits until it is compared; of no use afterwards.
        progress_dir: a local folder in which each worker's file grows by one byte a record; None: it is not told.
    """
    total = sum(source.records for source in sources)
    partitions = math.ceil(total / _RECORDS_A_SHARE)
    files = [(source.dataset, path) for source in sources for path in source.files]
    chunks = (
        pipeline
        | "files" >> beam.Create([(number, *file) for number, file in enumerate(files)])
        | "find chunks" >> beam.ParDo(SplitIntoChunks(_records_a_chunk(total)))
        | "spread evenly" >> beam.Reshuffle()
        | "clean and align" >> beam.ParDo(CleanAndAlign(settings, work_dir, progress_dir))
    )
    duplicates = (
        chunks
        | "by picture" >> beam.FlatMap(_by_image, partitions, work_dir)
        | "same pictures" >> beam.GroupByKey()
        | "find duplicates" >> beam.FlatMap(_duplicates, settings.cleaning, work_dir)
    )
    numbered = chunks | "by number" >> beam.Map(lambda chunk: (chunk.number, chunk))
    near_duplicates = (
        {"chunk": numbered, "duplicates": duplicates}
        | "with duplicates" >> beam.CoGroupByKey()
        | "by blocks" >> beam.FlatMap(_by_blocks, partitions, work_dir)
        | "alike pictures" >> beam.GroupByKey()
        | "find near duplicates" >> beam.FlatMap(_near_duplicates, settings.cleaning.near_duplicate_distance, work_dir)
    )
    _ = (
        {"chunk": numbered, "duplicates": duplicates, "near_duplicates": near_duplicates}
        | "with near duplicates" >> beam.CoGroupByKey()
        | "write" >> beam.ParDo(PublishChunk(examples_dir, drops_dir, work_dir))
    )


def _records_a_chunk(total: int) -> int:
    return min(_MOST_RECORDS_A_CHUNK, max(_LEAST_RECORDS_A_CHUNK, math.ceil(total / _CHUNKS_WANTED)))


def _by_image(chunk: Chunk, partitions: int, work_dir: str) -> Iterator[tuple[int, Slice]]:
    rows = np.concatenate([read_rows(work_dir, name(chunk), ROW) for name in (rows_name, excluded_copies_name)])
    yield from write_partitions(work_dir, f"pictures-{chunk.name}", rows, rows["digest"][:, 0] % np.uint64(partitions))


def _duplicates(
    element: tuple[int, Iterable[Slice]], settings: CleaningSettings, work_dir: str
) -> Iterator[tuple[int, DuplicateDecision]]:
    for verdict in find_duplicates(read_partition(work_dir, element[1], ROW), settings):
        yield verdict.chunk, verdict


def _by_blocks(element: tuple[int, dict[str, Iterable]], partitions: int, work_dir: str) -> Iterator[tuple[int, Slice]]:
    _, found = element
    (chunk,) = found["chunk"]
    dropped = [verdict.offset for verdict in found["duplicates"] if verdict.rule]
    rows = read_rows(work_dir, rows_name(chunk), ROW)
    compared = block_rows(rows[~np.isin(rows["offset"], dropped)])
    # Multiplied by an odd number, neighbouring blocks go to different shares.
    partition = (compared["blocks"] * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)) % np.uint64(partitions)
    yield from write_partitions(work_dir, f"blocks-{chunk.name}", compared, partition)


def _near_duplicates(element: tuple[int, Iterable[Slice]], distance: int, work_dir: str) -> Iterator[tuple[int, bytes]]:
    near_duplicate_rows = find_near_duplicates(read_partition(work_dir, element[1], BLOCK_ROW), distance)
    for chunk in np.unique(near_duplicate_rows["chunk"]):
        yield int(chunk), near_duplicate_rows[near_duplicate_rows["chunk"] == chunk].tobytes()
