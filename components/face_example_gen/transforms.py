"""The Beam part of FaceExampleGen: prepared records in, aligned examples and lists of drops out.

Workers import this module; it brings in neither TFX nor TensorFlow, so that they start in a second or two. Pictures are
never shuffled: what moves between workers are places in files and a few bytes a record, so that memory stays small.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np

from components.face_example_gen.chunks import Chunk, SplitIntoChunks
from components.face_example_gen.clean_and_align import CleanAndAlign
from components.face_example_gen.prepare import Source
from components.face_example_gen.publish import PublishChunk
from components.face_example_gen.settings import FaceExampleGenSettings
from components.faces.duplicates import ROW, Verdict, find_duplicates
from components.faces.near_duplicates import BAND_ROW, bands, find_near_duplicates
from components.faces.settings import CleaningSettings

# A worker takes a chunk at a time: many enough to share them evenly, few enough for one file of each and split.
_LEAST_RECORDS_A_CHUNK = 100
_MOST_CHUNKS = 1000
# Rows that are compared at a time: some 5 MB of them.
_ROWS_A_PART = 100_000


def build(
    pipeline: beam.Pipeline,
    sources: Sequence[Source],
    settings: FaceExampleGenSettings,
    examples_dir: str,
    drops_dir: str,
    work_dir: str,
    progress_dir: str,
) -> None:
    """Adds everything from reading to writing to `pipeline`.

    Args:
        sources: what to read.
        settings: rules, alignment and split.
        examples_dir: gets `Split-<name>/data_tfrecord-<chunk>.gz`; its folders are there already. What is in a file
            depends on the records alone, so a bundle that is tried again writes the same.
        drops_dir: gets `dropped-<chunk>.jsonl`, see `clean_and_align.drop_line`.
        work_dir: a folder that all workers reach, for crops that wait until they are compared; of no use afterwards.
        progress_dir: a local folder in which each worker's file grows by one byte a record.
    """
    total = sum(source.records for source in sources)
    parts = math.ceil(total / _ROWS_A_PART)
    files = [(source.dataset, path) for source in sources for path in source.files]
    candidates = (
        pipeline
        | "files" >> beam.Create([(number, *file) for number, file in enumerate(files)])
        | "find chunks" >> beam.ParDo(SplitIntoChunks(max(_LEAST_RECORDS_A_CHUNK, math.ceil(total / _MOST_CHUNKS))))
        | "spread evenly" >> beam.Reshuffle()
        | "clean and align" >> beam.ParDo(CleanAndAlign(settings, work_dir, progress_dir))
    )
    duplicates = (
        candidates
        | "by picture" >> beam.FlatMap(_by_picture, parts)
        | "same pictures" >> beam.GroupByKey()
        | "find duplicates" >> beam.FlatMap(_duplicates, settings.cleaning)
    )
    by_chunk = candidates | "by chunk" >> beam.Map(lambda element: (element[0].number, element))
    near_duplicates = (
        {"candidates": by_chunk, "duplicates": duplicates}
        | "with duplicates" >> beam.CoGroupByKey()
        | "by band" >> beam.FlatMap(_by_band, parts * 8)
        | "alike pictures" >> beam.GroupByKey()
        | "find near duplicates" >> beam.FlatMap(_near_duplicates, settings.cleaning.near_duplicate_distance)
    )
    _ = (
        {"candidates": by_chunk, "duplicates": duplicates, "near_duplicates": near_duplicates}
        | "with near duplicates" >> beam.CoGroupByKey()
        | "write" >> beam.ParDo(PublishChunk(examples_dir, drops_dir, work_dir))
    )


def _by_picture(element: tuple[Chunk, bytes], parts: int) -> Iterator[tuple[int, bytes]]:
    rows = np.frombuffer(element[1], ROW)
    yield from _parted(rows, rows["digest"][:, 0] % np.uint64(parts))


def _duplicates(element: tuple[int, Iterable[bytes]], settings: CleaningSettings) -> Iterator[tuple[int, Verdict]]:
    for verdict in find_duplicates(_together(element[1], ROW), settings):
        yield verdict.chunk, verdict


def _by_band(element: tuple[int, dict[str, Iterable]], parts: int) -> Iterator[tuple[int, bytes]]:
    _, found = element
    ((_, packed),) = found["candidates"]
    dropped = [verdict.offset for verdict in found["duplicates"] if verdict.rule]
    rows = np.frombuffer(packed, ROW)
    found_bands = bands(rows[~np.isin(rows["offset"], dropped)])
    # Multiplied by an odd number, neighbouring bands go to different parts.
    yield from _parted(found_bands, found_bands["band"] * np.uint64(2654435761) % np.uint64(parts))


def _near_duplicates(element: tuple[int, Iterable[bytes]], distance: int) -> Iterator[tuple[int, bytes]]:
    twins = find_near_duplicates(_together(element[1], BAND_ROW), distance)
    for chunk in np.unique(twins["chunk"]):
        yield int(chunk), twins[twins["chunk"] == chunk].tobytes()


def _parted(rows: np.ndarray, part: np.ndarray) -> Iterator[tuple[int, bytes]]:
    for number in np.unique(part):
        yield int(number), rows[part == number].tobytes()


def _together(packed: Iterable[bytes], kind: np.dtype) -> np.ndarray:
    return np.frombuffer(b"".join(packed), kind)
