"""Makes the ready model's SavedModel once, and finds it from then on."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visage.child_process import end_with_parent
from visage.errors import VisageError
from visage.extras import EXTRAS, check_installed, set_up_with
from visage.faces.settings import NO_DETECTOR, AlignmentSettings
from visage.installed import installed_version
from visage.lock import locked
from visage.ready_model.facts import DIGESTS, PROVENANCE, THIRD_PARTY, VERSION
from visage.ready_model.names import EXTRA, READY
from visage.saved_model.last_use import LAST_USE
from visage.saved_model.versions import SAVED_MODEL
from visage.source_digest import source_digest
from visage.tensorflow_messages import first_cause

# A SavedModel depends on them, and on the version of TensorFlow.
_CODE = ("visage.ready_model", "visage.networks", "visage.saved_model", "visage.data", "visage.faces")
# What clients call a model unless another name is given, and the number of the one version.
_NAME, _NUMBER = "visage", "1"
# Each change of the code makes another entry; those that nothing used for so long are removed.
_KEPT_DAYS = 30


def ready_model(
    alignment: AlignmentSettings | None = None, key: str = "model", announce: Callable[[str], None] = lambda line: None
) -> Path:
    """Returns the SavedModel of the ready model, `.../visage/1`, and makes it first if necessary.

    It lies in `$XDG_CACHE_HOME/visage` (`~/.cache/visage`), under a name with the digests of the networks, of the code
    and of the alignment. Making it takes half a minute in a process of its own.

    Args:
        alignment: of the crops that it will read; only size, quality and detector may differ from the default.
        key: the setting or option that names the model, for errors.
        announce: called with one line before the model is made.

    Raises:
        VisageError: the package is not installed or another version of it, the alignment does not suit the networks, or
            the model cannot be written.
    """
    files = find_files(key)
    geometry = alignment or AlignmentSettings()
    _check_geometry(geometry, key)
    folder = _cache() / f"ready-{_digest(geometry)}" / _NAME
    model = folder / _NUMBER
    try:
        if not (model / SAVED_MODEL).is_file():
            # Also where another process makes it already.
            announce(f"{key}: making the ready model, networks of other people, in {folder}, once (half a minute)")
            with locked(folder.parent / "lock", "make the ready model"):
                if not (model / SAVED_MODEL).is_file():
                    _make(files, geometry, model)
            _remove_unused(folder.parent)
    except OSError as error:
        raise VisageError(
            f"{key}: {READY}: {folder} cannot be written ({error.strerror}); name another folder by XDG_CACHE_HOME"
        ) from error
    with suppress(OSError):
        # A cache may be read-only.
        (folder.parent / LAST_USE).touch()
    return model


@dataclass(frozen=True)
class Files:
    """The files of the two networks."""

    age: Path
    gender: Path


def find_files(key: str) -> Files:
    """Finds the networks in the package, without importing it: that would need onnxruntime and dlib.

    Args:
        key: the setting or option that names the model, for errors.

    Raises:
        VisageError: the package is not installed, or one is missing or other than in the version that is known.
    """
    check_installed(EXTRA, key)
    package = importlib.util.find_spec(EXTRAS[EXTRA].module)
    # A folder of this name without __init__.py has no other place.
    places = (package and package.submodule_search_locations) or [""]
    folder = Path(next(iter(places))) / "models"
    for name, digest in DIGESTS.items():
        file = folder / name
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise VisageError(
                f"{key}: {READY}: {file} cannot be read ({error.strerror}); remove .venv and run `{set_up_with(EXTRA)}`"
            ) from None
        if found != digest:
            raise VisageError(
                f"{key}: {READY}: {file} is not that of {EXTRAS[EXTRA].package} {VERSION} (SHA-256 {found[:12]}...); "
                f"remove .venv and run `{set_up_with(EXTRA)}`"
            )
    return Files(*(folder / name for name in DIGESTS))


def _check_geometry(alignment: AlignmentSettings, key: str) -> None:
    """Checks that crops show faces as the networks know them.

    Raises:
        VisageError: they do not.
    """
    # Without a detector, images are crops already, of unknown geometry.
    if alignment.detector == NO_DETECTOR:
        return
    known = AlignmentSettings()
    for name in ("eye_distance", "eye_middle"):
        own, its = getattr(alignment, name), getattr(known, name)
        if own != its:
            raise VisageError(
                f"{key}: {READY}: reads crops with alignment.{name} {its}, not {own}; name another model, or align so"
            )


def _digest(alignment: AlignmentSettings) -> str:
    parts = (DIGESTS, source_digest(*_CODE), alignment.model_dump(mode="json"), installed_version("tensorflow"))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _cache() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "visage"


def _remove_unused(used: Path) -> None:
    """Removes the entries beside `used` that nothing used for a month, and killed attempts as old."""
    oldest = time.time() - _KEPT_DAYS * 24 * 3600
    for entry in used.parent.glob("ready-*"):
        with suppress(OSError):
            # A pipeline that was compiled earlier loads the model by its path.
            last_use = entry / LAST_USE
            if entry != used and (last_use if last_use.exists() else entry).stat().st_mtime < oldest:
                shutil.rmtree(entry)


def _make(files: Files, alignment: AlignmentSettings, model: Path) -> None:
    """Makes the SavedModel in a new process: in this one, TensorFlow's C++ library may be loaded already."""
    spawned = multiprocessing.get_context("spawn")
    model.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ProcessPoolExecutor(1, spawned, initializer=_begin, initargs=(os.getpid(),)) as process:
            process.submit(_export, files, alignment, model).result()
    except BrokenProcessPool:
        raise VisageError(
            f"{READY}: the process that makes {model} was killed; free memory and run the command again"
        ) from None


def _begin(parent: int) -> None:
    end_with_parent(parent)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow's greetings; exceptions reach the parent.
    quiet = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(quiet, descriptor)


def _export(files: Files, alignment: AlignmentSettings, folder: Path) -> None:
    import tensorflow as tf

    from visage.ready_model.age_and_gender import SPEC, build
    from visage.saved_model.export import export

    tf.config.set_visible_devices([], "GPU")
    network = build(files.age, files.gender)
    try:
        export(network, SPEC, alignment, str(folder), PROVENANCE, third_party=THIRD_PARTY)
    except tf.errors.OpError as error:
        # TensorFlow writes files by itself, and its errors are of the operating system as well.
        is_full = isinstance(error, tf.errors.ResourceExhaustedError)
        what = (errno.ENOSPC, os.strerror(errno.ENOSPC)) if is_full else (errno.EIO, first_cause(error)[:200])
        raise OSError(*what) from None
