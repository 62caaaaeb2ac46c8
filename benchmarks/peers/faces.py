"""The faces of the comparison: the test splits of the models' runs, and the published images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.metadata.training_examples import trained_on
from tfds_builders.archive import Archive, Unreadable, find_archive
from visage.data.examples import read_records
from visage.data.records import FaceRecord, image_digest
from visage.errors import VisageError


def unseen_faces(examples: Sequence[Path], limit: int | None = None) -> list[FaceRecord]:
    """Returns the records in the test split of every run, none of which any of the models was trained on.

    Args:
        examples: outputs of the runs' FaceExampleGen.
        limit: the greatest number of records; None: all.

    Returns:
        Records without images, in the order of their digests, which is independent of the labels.

    Raises:
        VisageError: there is no such record.
    """
    first, *others = [_test_split(folder) for folder in examples]
    common = sorted(set(first).intersection(*others))[:limit]
    if not common:
        raise VisageError(f"no face is in the test splits of all of {', '.join(map(str, examples))}: give --examples")
    return [first[digest] for digest in common]


def is_trained_on(version: Path, examples: Path) -> bool:
    """Returns whether the lineage of a pushed model names these examples, so that their test split is unseen."""
    try:
        return trained_on(version) == examples.resolve()
    except VisageError:
        return False


def published_faces(data: Path) -> Archive:
    """Finds UTKFace.tar.gz, or the folder UTKFace/, in the folder of the published data.

    Raises:
        VisageError: it is not there.
    """
    return find_archive([data], "UTKFace", "give --data DIR, the folder with the data that the models were trained on")


def lay_out(faces: Sequence[FaceRecord], archive: Archive, folder: Path) -> list[Path]:
    """Writes the published images of UTKFace, unchanged, as JPEG files to `folder`; returns the paths in order.

    Args:
        faces: records of UTKFace.
        archive: UTKFace, from `published_faces`.
        folder: an empty folder.

    Raises:
        VisageError: the archive is damaged, or lacks an image.
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
            f"{archive.path}: lacks {len(missing)} of the {len(paths)} test faces; give --data DIR, the folder with "
            "the data that the models were trained on"
        )
    return list(paths.values())


def _test_split(examples: Path) -> dict[str, FaceRecord]:
    return {record.image_digest: replace(record, image=b"") for record in read_records(examples, "test")}
