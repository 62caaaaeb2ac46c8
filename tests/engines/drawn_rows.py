"""Prepared records of drawn faces, some for each drop rule; made without TensorFlow."""

from pathlib import Path

import numpy as np

from tests.visage.faces.drawn_photo import drawn_photo
from visage.data.example_proto import Example
from visage.data.prepared_dataset import PreparedDataset
from visage.data.tfrecords import write_record
from visage.faces.encode import encode

_FILES = 2


def drawn_source(folder: Path, faces: int) -> PreparedDataset:
    """A number of drawn faces and five records that are not kept, in two files."""
    rows = [_row(number, _face(number), 20 + number % 60) for number in range(faces)]
    rows += [
        _row(faces, _face(faces), 120),
        _row(faces + 1, _face(0), 70),
        _row(faces + 2, b"no picture", 30),
        _row(faces + 3, encode(np.full((80, 80, 3), 127, np.uint8)), 30),
        b"no Example at all",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files = [_written(folder / f"utkface-{number}.tfrecord", rows[number::_FILES]) for number in range(_FILES)]
    return PreparedDataset("utkface", tuple(files), len(rows), len(rows), {})


def _face(number: int) -> bytes:
    place = ((48.0 + number % 5, 38.0 + number % 3), 34.0 + number % 7, float(number % 11 - 5))
    return encode(drawn_photo([place], 100, 100, seed=number))


def _row(number: int, image: bytes, age: int) -> bytes:
    example = Example()
    feature = example.features.feature
    feature["image"].bytes_list.value.append(image)
    feature["file_name"].bytes_list.value.append(f"{number}.jpg.chip.jpg".encode())
    for name, value in {"age": age, "gender": number % 2, "race": 0}.items():
        feature[name].int64_list.value.append(value)
    return bytes(example.SerializeToString())


def _written(path: Path, rows: list[bytes]) -> str:
    with path.open("wb") as file:
        for row in rows:
            write_record(file, row)
    return str(path)
