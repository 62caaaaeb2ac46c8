"""A quick check of Adience's fold files and archive."""

from collections.abc import Sequence
from pathlib import Path

from tfds_builders.adience.folds import FOLDS, find_fold_folder, read_fold
from tfds_builders.quick_look import look_at_archive
from visage.data.datasets.spec import ArchiveFiles


def look(files: ArchiveFiles, folders: Sequence[Path], hint: str) -> list[Path]:
    """Checks all fold files, then the archive."""
    folder = find_fold_folder(folders, hint)
    for fold in FOLDS:
        read_fold(folder, fold, hint)
    return [look_at_archive(files, folders, hint).path, folder]
