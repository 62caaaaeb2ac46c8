"""Converts a prepared row, as its TFDS builder wrote it, to a FaceRecord."""

import math

from visage.data.datasets import DATASETS, dataset_spec
from visage.data.datasets.features import Features
from visage.data.prepared_dataset import part_name
from visage.data.records import FaceRecord, image_digest
from visage.data.settings import CleaningSettings
from visage.faces.selection import Box


def to_record(dataset: str, serialized: bytes, settings: CleaningSettings, span: str = "") -> FaceRecord:
    """Reads one prepared row.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces' or 'labelled_folder/NAME'.
        serialized: the tf.Example that the builder's features wrote.
        settings: define how IMDB-WIKI's ages are counted.
        span: the span of the archives that the row is from; two spans may have a row of the same name.

    Returns:
        The record with its image untouched; its key starts with `dataset`, followed by the span if there is one.
    """
    row, spec = Features(serialized), dataset_spec(dataset)
    values = spec.read_row(row, settings)
    box = values.get("face_box")
    return FaceRecord(
        **{**values, "key": f"{part_name(dataset, span)}/{values['key']}"},
        image=row.bytes("image"),
        image_digest=row.image_digest if box is None else image_digest(f"{row.image_digest} {box}".encode()),
        gender=row.gender,
        source=spec.source,
    )


def face_box(record: FaceRecord) -> Box | None:
    """Returns the box of the face that a record's labels describe; None: anywhere in the image.

    Returns:
        x0, y0, x1, y1 as fractions of width and height.
    """
    if record.face_box is not None:
        return record.face_box
    if record.face_score is not None and not math.isfinite(record.face_score):
        return None  # Whole photos of IMDB-WIKI, in which its authors' detector found no face.
    return next((spec.face_box for spec in DATASETS.values() if spec.source == record.source), None)
