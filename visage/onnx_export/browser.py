"""Writes a page that runs an ONNX model in a browser, with all its files beside it: it loads nothing from elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from visage.errors import VisageError
from visage.files import atomic_file, write_atomically

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
"""Of the npm package, tested with the page."""

_PAGE = Path(__file__).with_name("page")
# The part of the package that computes on the processor, and its licence.
_RUNTIME = ("dist/ort.wasm.min.mjs", "dist/ort-wasm-simd-threaded.mjs", "dist/ort-wasm-simd-threaded.wasm")
_MODEL = "model.onnx"
_DESCRIPTION = "model.json"


def find_runtime(package: Path | None) -> Path:
    """Returns the folder of the npm package.

    Args:
        package: the folder that the user named; None: `node_modules/onnxruntime-web` of this folder.

    Raises:
        VisageError: it lacks a file of the runtime.
    """
    folder = package or Path("node_modules", PACKAGE)
    for name in _RUNTIME:
        if not (folder / name).is_file():
            lacks = f"has no {name}" if folder.is_dir() else "does not exist, the folder"
            raise VisageError(
                f"{folder}: {lacks} of the npm package {PACKAGE}; run "
                f"`npm install --ignore-scripts {PACKAGE}@{VERSION}`, or name its folder by --onnxruntime-web"
            )
    return folder


def remove_page(folder: Path) -> None:
    """Removes the page that an earlier export wrote; files of other programs stay, and so does a folder without a page.

    Raises:
        OSError: a file cannot be removed.
    """
    if not (folder / _MODEL).is_file():
        return
    for name in (_MODEL, _DESCRIPTION, *(source.name for source in _files(Path()))):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        # Not if it holds files of others.
        folder.rmdir()


def _files(package: Path) -> list[Path]:
    """Returns what a page copies: files of the npm package in its folder, and our own."""
    return [*(package / name for name in _RUNTIME), *(path for path in sorted(_PAGE.iterdir()) if path.is_file())]


def write_page(folder: Path, content: bytes, description: Mapping[str, Any], package: Path) -> Path:
    """Writes the page.

    Args:
        folder: is created; files of an earlier page are replaced.
        content: of the ONNX model.
        description: the export's JSON: `alignment`, `pixels`, `identity`.
        package: the npm package's folder, as `find_runtime` returns it.

    Returns:
        The page's file.

    Raises:
        VisageError: a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in _files(package):
            with atomic_file(folder / source.name) as partial:
                shutil.copyfile(source, partial)
    except OSError as error:
        raise VisageError(f"{folder}: cannot be written: {error.strerror}; name another folder by --out") from None
    write_atomically(folder / _MODEL, content)
    shown = {name: description.get(name) for name in ("alignment", "pixels", "identity")}
    write_atomically(folder / _DESCRIPTION, json.dumps(shown, indent=2) + "\n")
    return folder / "index.html"
