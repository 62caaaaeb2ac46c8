"""The Beam pipeline of FaceExampleGen: from prepared records to aligned examples and lists of drops.

Workers import this module; it imports neither TFX nor TensorFlow, so that they start in a second or two. Images are
never shuffled: only positions in files and decisions on duplicates move between workers.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np

from components.face_example_gen.beam.chunks import Chunk, SplitIntoChunks
from components.face_example_gen.beam.clean_and_align import CleanAndAlign, excluded_copies_name, rows_name
from components.face_example_gen.beam.partitions import Slice, read_partition, read_rows, write_partitions
from components.face_example_gen.beam.publish import PublishChunk
from components.face_example_gen.settings import FaceExampleGenSettings
from visage.data.duplicates.decisions import ROW, DuplicateDecision, find_duplicates
from visage.data.duplicates.near_duplicates import BLOCK_ROW, block_rows, find_near_duplicates
from visage.data.prepared_dataset import PreparedDataset
from visage.data.settings import CleaningSettings

# A worker takes one chunk at a time. Many chunks balance the load; large chunks avoid files of a few records.
_MIN_RECORDS_PER_CHUNK = 100
_MAX_RECORDS_PER_CHUNK = 500
_CHUNKS_WANTED = 1000
# Records that are compared at a time; each has 36 rows of 45 bytes.
_RECORDS_PER_PARTITION = 25_000


def build(
    pipeline: beam.Pipeline,
    sources: Sequence[PreparedDataset],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    work_dir: str,
    progress_dir: str | None,
    kept_dir: str | None = None,
) -> None:
    """Adds all transforms from reading to writing to `pipeline`.

    Args:
        pipeline: receives the transforms.
        sources: the prepared data sets to read.
        settings: rules, alignment and split.
        examples_dir: receives `Split-<name>/data_tfrecord-<chunk>.gz`; its folders must exist. The content of a file
            depends on the records alone, so a retried bundle writes the same.
        drops_dir: receives `dropped-<chunk>.jsonl`, see `clean_and_align.drop_line`.
        work_dir: a folder that all workers reach, for intermediate files; not needed afterwards.
        progress_dir: a local folder in which each worker's file grows by one byte per record; None: no progress.
        kept_dir: a folder that all workers reach, in which they find and keep aligned faces; None: nothing is kept.
    """
    total = sum(source.records for source in sources)
    partitions = math.ceil(total / _RECORDS_PER_PARTITION)
    files = [(source.dataset, source.span, path) for source in sources for path in source.files]
    chunks = (
        pipeline
        | "files" >> beam.Create([(number, *file) for number, file in enumerate(files)])
        | "find chunks" >> beam.ParDo(SplitIntoChunks(_records_per_chunk(total)))
        | "spread evenly" >> beam.Reshuffle()
        | "clean and align" >> beam.ParDo(CleanAndAlign(settings, work_dir, progress_dir, kept_dir))
    )
    duplicates = (
        chunks
        | "by image" >> beam.FlatMap(_by_image, partitions, work_dir)
        | "same images" >> beam.GroupByKey()
        | "find duplicates" >> beam.FlatMap(_duplicates, settings.cleaning, work_dir)
    )
    numbered = chunks | "by number" >> beam.Map(lambda chunk: (chunk.number, chunk))
    near_duplicates = (
        {"chunk": numbered, "duplicates": duplicates}
        | "with duplicates" >> beam.CoGroupByKey()
        | "by blocks" >> beam.FlatMap(_by_blocks, partitions, work_dir)
        | "similar images" >> beam.GroupByKey()
        | "find near duplicates" >> beam.FlatMap(_near_duplicates, settings.cleaning.near_duplicate_distance, work_dir)
    )
    _ = (
        {"chunk": numbered, "duplicates": duplicates, "near_duplicates": near_duplicates}
        | "with near duplicates" >> beam.CoGroupByKey()
        | "write" >> beam.ParDo(PublishChunk(examples_dir, drops_dir, work_dir))
    )


def _records_per_chunk(total: int) -> int:
    return min(_MAX_RECORDS_PER_CHUNK, max(_MIN_RECORDS_PER_CHUNK, math.ceil(total / _CHUNKS_WANTED)))


def _by_image(chunk: Chunk, partitions: int, work_dir: str) -> Iterator[tuple[int, Slice]]:
    rows = np.concatenate([read_rows(work_dir, name(chunk), ROW) for name in (rows_name, excluded_copies_name)])
    yield from write_partitions(work_dir, f"images-{chunk.name}", rows, rows["digest"][:, 0] % np.uint64(partitions))


def _duplicates(
    element: tuple[int, Iterable[Slice]], settings: CleaningSettings, work_dir: str
) -> Iterator[tuple[int, DuplicateDecision]]:
    for decision in find_duplicates(read_partition(work_dir, element[1], ROW), settings):
        yield decision.chunk, decision


def _by_blocks(element: tuple[int, dict[str, Iterable]], partitions: int, work_dir: str) -> Iterator[tuple[int, Slice]]:
    _, found = element
    (chunk,) = found["chunk"]
    dropped = [decision.offset for decision in found["duplicates"] if decision.rule]
    rows = read_rows(work_dir, rows_name(chunk), ROW)
    compared = block_rows(rows[~np.isin(rows["offset"], dropped)])
    # Multiplication by an odd number sends neighbouring blocks to different partitions.
    partition = (compared["blocks"] * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)) % np.uint64(partitions)
    yield from write_partitions(work_dir, f"blocks-{chunk.name}", compared, partition)


def _near_duplicates(element: tuple[int, Iterable[Slice]], distance: int, work_dir: str) -> Iterator[tuple[int, bytes]]:
    near_duplicate_rows = find_near_duplicates(read_partition(work_dir, element[1], BLOCK_ROW), distance)
    for chunk in np.unique(near_duplicate_rows["chunk"]):
        yield int(chunk), near_duplicate_rows[near_duplicate_rows["chunk"] == chunk].tobytes()
