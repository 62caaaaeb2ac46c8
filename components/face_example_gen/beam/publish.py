"""The last step for a chunk: drops duplicates and near-duplicates and writes the rest to the splits."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import apache_beam as beam
import numpy as np

from components.face_example_gen.beam.chunks import Chunk
from components.face_example_gen.beam.clean_and_align import Drop, candidates_name, drop_line, drops_name, rows_name
from components.face_example_gen.beam.metrics import count_drop, count_faces
from components.face_example_gen.beam.partitions import read_rows
from components.face_example_gen.beam.record_files import read_lines, read_records, write_lines, write_records
from visage.data.duplicates.decisions import ROW, DuplicateDecision, Labels, real_age
from visage.data.duplicates.near_duplicates import (
    NEAR_DUPLICATE,
    NEAR_DUPLICATE_DIGITS,
    NEAR_DUPLICATE_IN_OTHER_SPLIT,
    first_near_duplicates,
)
from visage.data.failures import groups_of
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord, from_example, to_example


class PublishChunk(beam.DoFn):
    """Writes the final files of a chunk: its part of every split, and its drops."""

    def __init__(self, examples_dir: str, drops_dir: str, work_dir: str) -> None:
        self._examples_dir = examples_dir
        self._drops_dir = drops_dir
        self._work_dir = work_dir

    def process(self, element: tuple[int, dict[str, Iterable[Any]]]) -> None:
        """Writes the chunk in `element`: its number; the `chunk`, its `duplicates` and `near_duplicates`.

        Raises:
            VisageError: a file cannot be written.
        """
        _, found = element
        (chunk,) = found["chunk"]
        decisions = {decision.offset: decision for decision in found["duplicates"]}
        near_duplicates = {
            int(near_duplicate["offset"]): int(near_duplicate["near_duplicate"])
            for near_duplicate in _near_duplicates(found["near_duplicates"])
        }
        by_split: dict[str, list[bytes]] = {split: [] for split in SPLITS}
        drops = list(read_lines(f"{self._work_dir}/{drops_name(chunk)}"))
        rows = read_rows(self._work_dir, rows_name(chunk), ROW)
        candidates = read_records(f"{self._work_dir}/{candidates_name(chunk)}")
        for row, serialized in zip(rows, candidates, strict=True):
            offset = int(row["offset"])
            drop = _drop(serialized, chunk, offset, decisions.get(offset), near_duplicates.get(offset))
            if drop:
                drops.append(drop)
            else:
                by_split[SPLITS[row["split"]]].append(_with_labels(serialized, decisions.get(offset)))
        for split, examples in by_split.items():
            if examples:
                write_records(self._examples_dir, f"Split-{split}/data_tfrecord-{chunk.name}.gz", examples)
                count_faces(len(examples))
        if drops:
            write_lines(self._drops_dir, f"dropped-{chunk.name}.jsonl", drops)


def _near_duplicates(packed: Iterable[bytes]) -> np.ndarray:
    return first_near_duplicates(np.frombuffer(b"".join(packed), NEAR_DUPLICATE))


def _drop(
    serialized: bytes, chunk: Chunk, offset: int, decision: DuplicateDecision | None, near_duplicate: int | None
) -> bytes | None:
    """Returns the line of a candidate that is dropped, and counts the drop; None if the candidate is kept."""
    if decision is not None and decision.rule:
        why: dict[str, object] = {"disagree": list(decision.disagree)}
        rule = decision.rule
        if decision.kept_copy is not None:
            kept = decision.kept_copy
            why["kept_copy"] = {"age": kept.age and kept.age.age, "gender": _gender(kept)}
    elif near_duplicate is not None:
        why = {"near_duplicate": f"{near_duplicate:0{NEAR_DUPLICATE_DIGITS}x}"}
        rule = NEAR_DUPLICATE_IN_OTHER_SPLIT
    else:
        return None
    count_drop(rule)
    record = from_example(serialized)
    why["age"] = real_age(record)
    return drop_line(Drop(record.key, rule, record.image_digest, labels=groups_of(record)), chunk.file, offset, **why)


def _with_labels(serialized: bytes, decision: DuplicateDecision | None) -> bytes:
    """Returns the candidate with the combined labels of its copies, if it has copies."""
    return serialized if decision is None else to_example(_relabelled(from_example(serialized), decision.labels))


def _relabelled(record: FaceRecord, labels: Labels) -> FaceRecord:
    return replace(
        record,
        age_label=labels.age,
        gender=_gender(labels),
        race=UNKNOWN if labels.race < 0 else RACES[labels.race],
    )


def _gender(labels: Labels) -> str:
    return UNKNOWN if labels.gender < 0 else GENDERS[labels.gender]
