"""Records when a SavedModel in a cache was last used, since a file system that is mounted with `noatime` does not."""

import os
from contextlib import suppress
from pathlib import Path

LAST_USE = "last_use"
"""Of a SavedModel `ENTRY/NAME/NUMBER`, this file in `ENTRY`: the time of its last change is that of the last use."""


def mark_use(saved_model: str | Path) -> None:
    """Records that a SavedModel is used now, if its entry has the file; no other model has one.

    Args:
        saved_model: its folder. A cache may be read-only, which is no error.
    """
    with suppress(OSError):
        os.utime(Path(saved_model).parent.parent / LAST_USE)
