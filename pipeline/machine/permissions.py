"""Checks permissions of paths, and words errors of the operating system as one line."""

import os
from pathlib import Path

from pipeline.machine.full_disk import FULL_CAUSES, full_disk_line, no_space_line
from visage.errors import VisageError


def may_write(path: Path) -> bool:
    """Returns whether this process may change a file, or create files in a folder; the path exists."""
    return os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0), effective_ids=True)


def unwritable_workspace(path: str | Path, cause: str | None) -> VisageError:
    """Returns the error for a path in the workspace that cannot be written."""
    if cause in FULL_CAUSES:
        return VisageError(no_space_line(path))
    return VisageError(f"{path}: cannot be written ({cause}); name another folder by --set workspace=DIR")


def refusal_line(error: OSError) -> str:
    """Returns the line for an error of the operating system that no other code has worded."""
    if full := full_disk_line(error):
        return full
    if error.filename is None:
        return f"the system refused a call ({error.strerror or error}); run again with --debug to see where"
    path = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    if isinstance(error, PermissionError):
        return f"{path}: cannot be read ({error.strerror}); make it readable, or name another path"
    return f"{path}: cannot be used ({error.strerror}); repair it, or name another path"
