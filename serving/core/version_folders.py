"""Looks at the folders of a model's versions: which are complete, and which have changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from visage.saved_model.versions import version_folders

Snapshot = frozenset[tuple[str, int, int]]
"""Names, sizes and modification times (ns) of all files of a version."""


@dataclass(frozen=True)
class FoundVersion:
    """A folder of a version.

    Attributes:
        path: the folder.
        files: its snapshot; None: it has no `saved_model.pb`, or its files are being removed.
    """

    path: Path
    files: Snapshot | None


def find_versions(base_path: Path) -> dict[int, FoundVersion]:
    """Returns the folders of versions by number.

    Raises:
        OSError: the base folder cannot be listed.
    """
    next(base_path.iterdir(), None)
    return {
        version.number: FoundVersion(version.path, _snapshot(version.path) if version.has_model else None)
        for version in version_folders(base_path)
    }


def _snapshot(folder: Path) -> Snapshot | None:
    files = set()
    try:
        for path in folder.rglob("*"):
            status = path.stat()
            files.add((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    except OSError:  # Files are being renamed or removed.
        return None
    return frozenset(files)
