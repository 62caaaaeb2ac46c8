"""Quick checks that the files of a data set exist, are readable and of their type; without TensorFlow.

Errors that only reading everything shows are left to the builders.
"""

import tarfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from tfds_builders.archive import Archive, TarArchive, find_archive, reading, unreadable
from tfds_builders.labelled_folder.header import Reading
from tfds_builders.labelled_folder.labels_file import check_labels_file, find_folder, find_labels_files
from tfds_builders.near_files import near_files
from tfds_builders.own_modules import own_module
from tfds_builders.published_files import folders_of, hint_in
from visage.data.datasets import DATASETS, archive_files
from visage.data.datasets.labelled_folder import BOX_COLUMNS
from visage.data.datasets.spec import ArchiveFiles
from visage.errors import VisageError

_MEMBERS_LOOKED_AT = 100
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
"""First bytes of the compressed formats that tarfile reads, whatever the file's name: gzip, bzip2, xz."""


def look_at_published(dataset: str, archives: Path) -> list[Path]:
    """Checks the files of a published data set.

    Args:
        dataset: its TFDS name, e.g. 'adience/faces'.
        archives: the folder with all archives.

    Returns:
        The files that its builder will read: the archive, or the folder that it extracts to, and the folder of its
        tables or the table beside it.

    Raises:
        VisageError: a file is missing, unreadable, or of another type.
    """
    files = archive_files(dataset)
    folders, hint = folders_of(files, archives), hint_in(files, archives)
    own = own_module(DATASETS[dataset], "quick_look")
    return [look_at_archive(files, folders, hint).path] if own is None else own.look(files, folders, hint)


def look_at_archive(files: ArchiveFiles, folders: Sequence[Path], hint: str) -> Archive:
    """Checks that an archive exists and begins as expected.

    Args:
        files: of the data set.
        folders: folders to search, in this order.
        hint: the fix if the archive is not found.

    Raises:
        VisageError: the archive is missing, unreadable, or another one.
    """
    archive = find_archive(folders, files.root, hint)
    if isinstance(archive, TarArchive):
        _look_into_tar(archive.path, files)
    else:
        _look_into_folder(archive.path, files)
    return archive


def look_at_labelled_folder(
    name: str,
    archives: Path,
    labels: str | None,
    images: str,
    separator: str,
    columns: Mapping[str, str | None],
    detects: bool = True,
) -> list[Path]:
    """Checks the labels file of a folder, its header and its separator.

    Args:
        name: of the folder.
        archives: the folder that holds it.
        labels: name of the labels file, or a pattern; None: labels.csv or labels.parquet.
        images: folder in it to which the paths of the images are relative.
        separator: between the fields of a CSV.
        columns: standard column to the name in the labels file.
        detects: whether faces will be looked for, which boxes of faces need.

    Returns:
        The labels files.

    Raises:
        VisageError: the folder or the labels file is missing, or the file cannot be read as is configured.
    """
    key = f"data.labelled_folders.{name}"
    folder = find_folder(archives, name)
    found = find_labels_files(folder, labels, key)
    if not (folder / images).is_dir():
        raise VisageError(
            f"no folder {images} in {folder}: {near_files(folder, [images])}put the images there, or name their "
            f"folder in {key}.pictures"
        )
    for file in found:
        how = Reading(columns, separator, key)
        used = check_labels_file(file, how)
        if not detects and (boxes := [column for column in BOX_COLUMNS if column in used]):
            # All people of a photo would be its whole image.
            raise VisageError(
                f"alignment.detector: none takes images as they are, and {file} names faces by boxes; set a detector, "
                f"or leave the boxes out with {how.leaving_out(boxes)}"
            )
    return found


def _look_into_tar(path: Path, files: ArchiveFiles) -> None:
    with reading(path):
        _check_blocks(path)
        with tarfile.open(path) as tar:
            looked_at = 0
            for member in islice(tar, _MEMBERS_LOOKED_AT):
                if PurePosixPath(member.name).parts[:1] == (files.root,):
                    return
                looked_at += 1
    if looked_at < _MEMBERS_LOOKED_AT:
        raise VisageError(f"{path} holds no folder {files.root}/: {files.hint}")


def _check_blocks(path: Path) -> None:
    """Raises a ReadError for a plain tar that ends inside a header, which tarfile accepts as complete."""
    with path.open("rb") as file:
        begins = file.read(max(map(len, _COMPRESSED)))
    if not begins.startswith(_COMPRESSED) and path.stat().st_size % tarfile.BLOCKSIZE:
        raise tarfile.ReadError("it ends inside a block")


def _look_into_folder(path: Path, files: ArchiveFiles) -> None:
    try:
        empty = next(path.iterdir(), None) is None
    except OSError as error:
        raise unreadable(path, error) from error
    if empty:
        raise VisageError(f"{path} is empty: {files.hint}")
