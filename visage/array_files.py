"""Keeps NumPy arrays by name in a file, which is whole or counts as missing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from visage.files import make_folder, write_atomically


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a .npz file atomically, and creates its folder.

    Raises:
        VisageError: it cannot be written.
    """
    content = io.BytesIO()
    np.savez(content, **arrays)
    make_folder(path.parent)
    write_atomically(path, content.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """Reads the file of `write_arrays`; returns None if it is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file) as saved:
            return dict(saved)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
