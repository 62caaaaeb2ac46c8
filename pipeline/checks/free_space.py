"""Checks the free space on the disk of a workspace."""

import shutil
from pathlib import Path

from pipeline.checks.finding import Finding

# Measured: the default run writes about 100 MB, a network of 100 million parameters with its checkpoints 2 GiB.
_ENOUGH_BYTES = 2 * 2**30
_LEAST_BYTES = 100 * 2**20


def free_space(folder: Path, extra: int = 0) -> Finding:
    """Returns the finding on a disk: whether it has space for a run.

    Args:
        folder: on that disk; it need not exist yet.
        extra: bytes that the run writes in addition to those of every run.
    """
    there = nearest_existing(folder)
    free = shutil.disk_usage(there).free
    detail = f"{_size(free)} free in {there}"
    fix = "free some, or set `workspace` elsewhere"
    if free < _LEAST_BYTES + extra:
        return Finding("disk", "missing", f"{detail}; a run takes at least {_size(_LEAST_BYTES + extra)}", fix)
    if free < _ENOUGH_BYTES + extra:
        return Finding("disk", "note", f"{detail}; a run takes up to {_size(_ENOUGH_BYTES + extra)}", fix)
    return Finding("disk", "ok", detail)


def nearest_existing(folder: Path) -> Path:
    """Returns `folder`, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _size(count: int) -> str:
    """Returns a size as text, e.g. '1.5 GiB' or '300 MiB'."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
