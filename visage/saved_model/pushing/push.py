"""Copies a model to where TensorFlow Serving looks for versions, completely or not at all."""

import filecmp
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from visage.errors import VisageError
from visage.files import atomic_folder, write_atomically
from visage.saved_model.pushing.holds import check_not_held, push_lock, read_hold, settle
from visage.saved_model.pushing.signing import SIGNATURE_FILE, SigningKeys, sign, verify
from visage.saved_model.versions import newest_version, version_number

# TensorFlow Serving reads folders whose name is a number, and no others.
_UNFINISHED = ".pushing"
# The number of the last push, whose version may have been removed since.
_LAST = ".last_version"


def push(
    model_path: Path,
    base_directory: Path,
    keys: SigningKeys | None = None,
    *,
    check_replaceable: Callable[[Path], None] = lambda served: None,
) -> Path:
    """Copies a SavedModel to a new numbered version, unless the newest version is the same model.

    The copy is made beside the versions and renamed when it is complete; leftovers of a killed push are removed.
    Pushes into one folder wait for each other. With keys, the model is signed and its copy verified before the copy is
    renamed, so that a version appears with its signature; a newest version without a valid signature is pushed again.

    Args:
        model_path: folder with `saved_model.pb`.
        base_directory: holds the versions; created if missing.
        keys: of the signature; None: the version is not signed.
        check_replaceable: called with the newest version before another model replaces it; an error that it raises
            prevents that. Until the push ends, nothing else is pushed, rolled back or released.

    Returns:
        The version's folder. A new one is named by the time in unix seconds, but always above every version that was
        pushed before, also where the clock was set back.

    Raises:
        PushHeldError: pushing is held, or the model was rolled back (`visage/saved_model/pushing/holds.py`).
        VisageError: the folder cannot be written, the disk is full, or the model cannot be signed.
        Exception: of `check_replaceable`.
    """
    try:
        with push_lock(base_directory, f"push a model to {base_directory}"):
            hold = read_hold(base_directory)
            # A rollback may have been killed before its last step.
            settle(base_directory, hold)
            newest = newest_version(base_directory)
            if newest is not None and same_files(model_path, newest.path) and _is_signed(newest.path, keys):
                return newest.path
            check_not_held(model_path, base_directory, hold)
            if newest is not None:
                check_replaceable(newest.path)
            above = max([newest.number if newest else -1, _last_number(base_directory), *hold.versions])
            return _push(model_path, base_directory, above, keys)
    except OSError as error:
        reason = _reason(error)
        raise VisageError(f"cannot push the model to {base_directory}: {reason}; fix that and run again") from error


def _reason(error: OSError) -> str:
    """Returns the first file's error: `shutil.copytree` continues after an error and raises a list of them."""
    return str(error.args[0][0][2] if isinstance(error, shutil.Error) else error)


def same_files(one: Path, other: Path) -> bool:
    """Returns whether two models hold the same files with the same bytes, but for their signatures.

    Returns: False if `other` does not exist.
    """
    names = _names(one)
    if not other.is_dir() or names != _names(other):
        return False
    files = [str(name) for name in names if (one / name).is_file()]
    return filecmp.cmpfiles(one, other, files, shallow=False)[0] == files


def _names(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")} - {Path(SIGNATURE_FILE)}


def _is_signed(version: Path, keys: SigningKeys | None) -> bool:
    """Returns whether a version's signature is valid; True where none is wanted."""
    if keys is None:
        return True
    try:
        verify(version, keys.public)
    except VisageError:
        return False
    return True


def _last_number(base_directory: Path) -> int:
    """Returns the number of the last push; -1 if it is not known."""
    try:
        name = (base_directory / _LAST).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return -1
    number = version_number(Path(name))
    return -1 if number is None else number


def _push(model_path: Path, base_directory: Path, above: int, keys: SigningKeys | None) -> Path:
    version = base_directory / str(max(int(time.time()), above + 1))
    with atomic_folder(version, base_directory / _UNFINISHED) as unfinished:
        shutil.copytree(model_path, unfinished, dirs_exist_ok=True)
        if keys is not None:
            _sign_copy(model_path, unfinished, keys)
        write_atomically(base_directory / _LAST, f"{version.name}\n")
    return version


def _sign_copy(model_path: Path, copy: Path, keys: SigningKeys) -> None:
    """Signs the original and verifies the copy, so that an incomplete copy is found too."""
    signature = copy / SIGNATURE_FILE
    signature.parent.mkdir(exist_ok=True)
    signature.unlink(missing_ok=True)
    sign(model_path, signature, keys.private)
    verify(copy, keys.public)
