"""The faces: what the runs of our models kept for their tests, and the data set's own images of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.metadata.training_examples import trained_on
from tfds_builders.archive import Archive, Unreadable, find_archive
from visage.data.examples import read_records
from visage.data.records import FaceRecord, image_digest
from visage.errors import VisageError


def unseen_faces(examples: Sequence[Path], limit: int | None = None) -> list[FaceRecord]:
    """The records that are in the test split of every run, so that none of the models has learned from one of them.

    Args:
        examples: what the runs' FaceExampleGen wrote.
        limit: the most that are wanted; None: all.

    Returns:
        Without images, in the order of their digests, which is that of no label.

    Raises:
        VisageError: there is none.
    """
    first, *others = [_test_split(folder) for folder in examples]
    common = sorted(set(first).intersection(*others))[:limit]
    if not common:
        raise VisageError(f"no face is in the test splits of all of {', '.join(map(str, examples))}: give --examples")
    return [first[digest] for digest in common]


def learned_from(version: Path, examples: Path) -> bool:
    """Whether a pushed model's records say that it was trained on these examples: their test faces are new to it."""
    try:
        return trained_on(version) == examples.resolve()
    except VisageError:
        return False


def published_faces(data: Path) -> Archive:
    """Finds UTKFace.tar.gz, or the folder UTKFace/, in the folder of the published data.

    Raises:
        VisageError: it is not there.
    """
    return find_archive([data], "UTKFace", "give --data DIR, the folder with the data that the models learned from")


def lay_out(faces: Sequence[FaceRecord], archive: Archive, folder: Path) -> list[Path]:
    """Writes the published images of UTKFace, untouched, as JPEG files to `folder`; gives them in order.

    Args:
        faces: records of UTKFace.
        archive: UTKFace, as `published_faces` finds it.
        folder: empty.

    Raises:
        VisageError: the archive is damaged, or has not all of the images.
    """
    paths = {face.image_digest: folder / f"{face.image_digest}.jpg" for face in faces}
    missing = set(paths)
    for _, image in archive.read([name for name in archive.listing().files if name.endswith(".jpg")]):
        if isinstance(image, Unreadable):
            continue
        digest = image_digest(image)
        if digest in missing:
            paths[digest].write_bytes(image)
            missing.remove(digest)
    if missing:
        raise VisageError(
            f"{archive.path} lacks {len(missing)} of the {len(paths)} test faces: give --data DIR, the folder with "
            "the data that the models learned from"
        )
    return list(paths.values())


def _test_split(examples: Path) -> dict[str, FaceRecord]:
    return {record.image_digest: replace(record, image=b"") for record in read_records(examples, "test")}
