"""Copies of a run's files to a folder that all workers reach, and back.

Needed only by an engine whose workers do not reach the workspace. Prepared files are copied once and kept; the output
of the run is copied back and removed.
"""

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.face_example_gen.beam import filesystem
from components.face_example_gen.beam.record_files import write_lines
from visage.data.prepared_dataset import PreparedDataset
from visage.errors import VisageError
from visage.files import move, write_atomically
from visage.lock import locked

ATTEMPTS = ".attempts"
"""Folder below the output, in which each attempt of an engine has a folder of its own."""

_ID = ".workspace_id"


def attempts_folder(shared_dir: str | None, examples_dir: str) -> str:
    """Returns the folder of all attempts at one output; another attempt finds and removes a killed one's.

    Args:
        shared_dir: `beam.shared_dir`, which other workspaces may use, also some with the same path in other containers;
            None: the workers reach the output itself.
        examples_dir: the output.

    Raises:
        VisageError: the folder above the output cannot be written.
    """
    if shared_dir is None:
        return f"{examples_dir}/{ATTEMPTS}"
    output = f"{_workspace_id(Path(examples_dir).parent)} {examples_dir}"
    return f"{shared_dir.rstrip('/')}/runs/{hashlib.sha256(output.encode()).hexdigest()[:16]}"


def move_back(attempt_folder: str, local_folder: str) -> None:
    """Renames what is in a folder of an attempt to the folder of the output, on the same file system.

    Raises:
        VisageError: one of them cannot be written.
    """
    try:
        for path in sorted(Path(attempt_folder).iterdir()):
            move(path, Path(local_folder) / path.name)
    except OSError as error:
        raise VisageError(
            f"{local_folder}: cannot be written: {error.strerror}; free the disk, or grant the right to write"
        ) from error


def copy_to_shared(sources: Sequence[PreparedDataset], shared_dir: str) -> list[PreparedDataset]:
    """Returns the same sources with files in `shared_dir`; files that were copied before are not copied again.

    Raises:
        VisageError: the folder cannot be written, or no file system of its kind is installed.
    """
    with _plain_errors(shared_dir):
        folder = f"{shared_dir.rstrip('/')}/prepared"
        filesystem.make(folder)
        return [
            replace(source, files=tuple(_copied(Path(path), folder) for path in source.files)) for source in sources
        ]


def copy_back(shared_folder: str, local_folder: str) -> None:
    """Copies all files below a folder.

    Raises:
        VisageError: one of them cannot be read or written.
    """
    with _plain_errors(shared_folder):
        for name in filesystem.files_in(shared_folder):
            target = Path(local_folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with _opened(f"{shared_folder}/{name}") as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy)


def name_local_files(drops_dir: str, here: Sequence[PreparedDataset], there: Sequence[PreparedDataset]) -> None:
    """Replaces the files of `there`, which the workers read, by those of `here` in the drops in `drops_dir`.

    Raises:
        VisageError: a list of drops cannot be written.
    """
    pairs = zip(here, there, strict=True)
    local = {copy: file for one, other in pairs for file, copy in zip(one.files, other.files, strict=True)}
    for path in Path(drops_dir).glob("dropped-*.jsonl"):
        drops = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        write_lines(
            drops_dir, path.name, [json.dumps({**drop, "file": local[drop["file"]]}).encode() for drop in drops]
        )


def _workspace_id(outputs: Path) -> str:
    """Returns a random name, which the folder of the outputs keeps."""
    file = outputs / _ID
    try:
        with locked(file.with_suffix(".lock"), "name the workspace", remove=True):
            if not file.exists():
                write_atomically(file, uuid.uuid4().hex)
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise VisageError(
            f"{file}: cannot be written: {error.strerror}; free the disk, or grant the right to write"
        ) from error


def _copied(path: Path, folder: str) -> str:
    status = path.stat()
    digest = hashlib.sha256(f"{path} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]
    target = f"{folder}/{digest}-{path.name}"
    if not FileSystems.exists(target):
        with path.open("rb") as file, filesystem.atomic_file(target, folder) as copy:
            shutil.copyfileobj(file, copy)
    return target


def _opened(path: str):  # type: ignore[no-untyped-def] # Beam has no types.
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


@contextmanager
def _plain_errors(folder: str) -> Iterator[None]:
    try:
        yield
    # Beam raises a ValueError for an unknown file system.
    except (OSError, BeamIOError, ValueError) as error:
        raise VisageError(
            f"beam.shared_dir: {folder} cannot be used: {_first_line(error)}; name a folder or bucket that all "
            "workers can write"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
