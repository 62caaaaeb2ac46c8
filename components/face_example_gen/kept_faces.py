"""The folder of the workspace in which aligned faces are kept: its name, and its size.

`DATA_ROOT/aligned/NAMESPACE` holds the parts of `beam/kept_outcomes.py`. NAMESPACE is a digest of everything but the
image that forms an outcome, so changed settings, code or libraries find nothing. Deleting the folder is always safe.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from components.face_example_gen.beam.align_image import outcome_settings
from components.face_example_gen.beam.kept_outcomes import INDEX, NewPart, read_indexes, read_part
from components.face_example_gen.settings import FaceExampleGenSettings
from components.node_code import code_of
from visage.errors import VisageError
from visage.installed import installed_version
from visage.lock import locked_at_once

MOST_SMALL_PARTS = 16
UNUSED_DAYS = 90

_SMALL_BYTES = 2**28
_LAST_USED, _LOCK = "last-used", ".lock"
# A part is written in minutes.
_LEFT_BEHIND_DAYS = 2
_DAY_SECONDS = 24 * 60 * 60
# What a detector of its own package computes with.
_DETECTOR_PACKAGES = {"mtcnn": ("mtcnn", "tensorflow")}

_LOGGER = logging.getLogger(__name__)


def folder_of(settings: FaceExampleGenSettings) -> Path | None:
    """Returns the folder for faces that are aligned with these settings by the installed code.

    Returns:
        None where the workers do not reach the workspace, or there is none.
    """
    data_root = Path(settings.data_root)
    if settings.beam.shared_dir is not None or not data_root.is_dir():
        return None
    packages = _DETECTOR_PACKAGES.get(settings.alignment.detector, ())
    formed_by = [outcome_settings(settings.alignment, settings.cleaning), code_of("FaceExampleGen")]
    formed_by += [f"{package}={installed_version(package)}" for package in packages]
    return data_root / "aligned" / hashlib.sha256("\n".join(formed_by).encode()).hexdigest()[:16]


@contextmanager
def kept_faces(settings: FaceExampleGenSettings) -> Iterator[str | None]:
    """Creates the folder for a run, and tidies it up when the `with` block has succeeded.

    Yields:
        The folder; None: nothing is kept.
    """
    folder = folder_of(settings)
    if folder is None:
        yield None
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _LAST_USED).touch()
    except OSError as error:
        _LOGGER.warning("%s: aligned faces cannot be kept there (%s)", folder, error.strerror)
    yield str(folder)
    try:
        with locked_at_once(folder.parent / _LOCK) as held:
            if held:
                _remove_unused(folder.parent)
                _remove_left_behind(folder)
                _merge(folder)
    except (OSError, VisageError) as error:
        _LOGGER.warning("%s: cannot be tidied up (%s)", folder.parent, error)


def _remove_unused(namespaces: Path) -> None:
    for folder in namespaces.iterdir():
        if folder.is_dir() and _days_old(folder / _LAST_USED, folder) > UNUSED_DAYS:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind(folder: Path) -> None:
    """Removes the files of killed workers, which belong to no part."""
    for path in folder.iterdir():
        counts = path.name == _LAST_USED or path.suffix == INDEX or path.with_suffix(INDEX).exists()
        if not counts and _days_old(path) > _LEFT_BEHIND_DAYS:
            path.unlink(missing_ok=True)


def _merge(folder: Path) -> None:
    """Copies the small parts into one, if they are many; what is damaged or kept twice is left out."""
    small = [(part, index) for part, index in read_indexes(folder) if part.stat().st_size < _SMALL_BYTES]
    if len(small) <= MOST_SMALL_PARTS:
        return
    merged = NewPart(folder)
    try:
        for part, index in small:
            for key, record in read_part(part, index):
                merged.add(key, record)
        merged.finish()
    finally:
        merged.discard_unfinished()
    _remove_parts([part for part, _ in small])


def _remove_parts(parts: Sequence[Path]) -> None:
    # The index first: without it, the other file does not count.
    for part in parts:
        part.with_suffix(INDEX).unlink(missing_ok=True)
        part.unlink(missing_ok=True)


def _days_old(*paths: Path) -> float:
    """Returns the days since the first of the files that exists has changed; 0 if none exists."""
    for path in paths:
        with suppress(OSError):
            return (time.time() - path.stat().st_mtime) / _DAY_SECONDS
    return 0
