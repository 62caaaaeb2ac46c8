"""Writes an output like FaceExampleGen's from a list of faces and their fates, for tests of the inspection."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from pipeline.data_inspection.collect import CleanedData
from tests.helpers.drawn_crops import draw_crop, write_split
from visage.data.example_proto import Example
from visage.data.failures import KEPT, GroupLabels, failures_to_process, groups_of
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.prepared_rows import to_record
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings
from visage.faces.encode import encode

SPLITS = ("train", "val", "test")
_GENDERS, _RACES = (*GENDERS, UNKNOWN), (*RACES, UNKNOWN)


@dataclass(frozen=True)
class Face:
    """One image of UTKFace. The same `look` draws the same bytes; `fate` is a split or a rule."""

    fate: str
    age: int = 30
    gender: str = "female"
    race: str = "white"
    look: int | None = None
    damage: bytes | None = None
    why: Mapping[str, Any] = field(default_factory=dict)


def write_cleaned(folder: Path, faces: Sequence[Face], skipped: Mapping[str, int] | None = None) -> CleanedData:
    """Writes the splits, the drops, the prepared records behind them, and the cleaning report."""
    report_dir, prepared = folder / "report", folder / "utkface-train.tfrecord-00000-of-00001"
    report_dir.mkdir(parents=True)
    kept: dict[str, list[FaceRecord]] = {split: [] for split in SPLITS}
    drops = []
    outcomes: Counter[tuple[GroupLabels, str]] = Counter()
    offset = 0
    with tf.io.TFRecordWriter(str(prepared)) as writer:
        for number, face in enumerate(faces):
            serialized = _prepared(number, face)
            writer.write(serialized)
            record = to_record("utkface", serialized, CleaningSettings())
            outcomes[groups_of(record), KEPT if face.fate in SPLITS else face.fate] += 1
            if face.fate in SPLITS:
                kept[face.fate].append(record)
            else:
                drop = {"key": record.key, "rule": face.fate, "file": str(prepared), "offset": offset}
                drops.append({**drop, "picture_digest": record.image_digest, **face.why})
            offset += 8 + 4 + len(serialized) + 4
    for split, records in kept.items():
        write_split(folder / "examples", split, records)
    (report_dir / "dropped-00000-of-00001.jsonl").write_text("".join(f"{json.dumps(drop)}\n" for drop in drops))
    part = {
        "archive_rows": len(faces) + sum((skipped or {}).values()),
        "skipped": dict(skipped or {}),
        "records_in": len(faces),
        "dropped": dict(Counter(drop["rule"] for drop in drops)),
        "records_out": len(faces) - len(drops),
        "by_split": {split: len(records) for split, records in kept.items()},
    }
    report = {"sources": {"utkface": part}, "total": part, "failures_to_process": failures_to_process(outcomes)}
    (report_dir / "cleaning_report.json").write_text(json.dumps(report))
    settings = FaceExampleGenSettings(data=DataSettings(sources=["utkface"]), data_root=str(folder))
    return CleanedData(folder / "examples", report_dir, settings)


def _prepared(number: int, face: Face) -> bytes:
    image = face.damage
    if image is None:
        look = number + 1000 if face.look is None else face.look
        image = encode(draw_crop(face.age if face.look is None else look, face.gender, np.random.default_rng(look)))
    example = Example()
    feature = example.features.feature
    feature["image"].bytes_list.value.append(image)
    feature["file_name"].bytes_list.value.append(f"{number:05d}.jpg".encode())
    feature["age"].int64_list.value.append(face.age)
    feature["gender"].int64_list.value.append(_GENDERS.index(face.gender))
    feature["race"].int64_list.value.append(_RACES.index(face.race))
    return bytes(example.SerializeToString())
