"""Reads the records of a split that FaceExampleGen wrote, without TensorFlow."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from visage import progress
from visage.data.records import FaceRecord, from_example
from visage.data.tfrecords import read_all
from visage.errors import VisageError
from visage.paths import StrPath


def read_records(examples: StrPath, split: str) -> Iterator[FaceRecord]:
    """Yields the records of a split, file after file.

    Args:
        examples: the folder of the examples, e.g. 'runs/NAME/artifacts/FaceExampleGen/examples/1'.
        split: 'train', 'val' or 'test'.

    Raises:
        VisageError: the split has no file, one of them is damaged, or an earlier version wrote it.
    """
    for serialized in read_serialized(examples, split):
        try:
            yield from_example(serialized)
        except IndexError:
            raise VisageError(f"{examples}: holds examples of an earlier version; run FaceExampleGen again") from None


def read_serialized(examples: StrPath, split: str) -> Iterator[bytes]:
    """Yields the same records as they were written, serialized `tf.train.Example`s."""
    files = sorted((Path(examples) / f"Split-{split}").glob("*.gz"))
    if not files:
        what = f"holds no Split-{split} with examples" if Path(examples).is_dir() else "there is no such folder"
        raise VisageError(f"{examples}: {what}; give a folder that FaceExampleGen wrote")
    for done, file in enumerate(files):
        progress.report(f"read the {split} split", done, len(files))
        try:
            yield from read_all(file)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise VisageError(f"{file}: cannot be read ({error}); run FaceExampleGen again") from error
