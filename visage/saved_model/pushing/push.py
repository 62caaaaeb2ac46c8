"""Copies a model to where TensorFlow Serving looks for versions, completely or not at all."""

import filecmp
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from visage.errors import VisageError
from visage.files import atomic_folder, write_atomically
from visage.saved_model.pushing.holds import check_not_held, held_versions, push_lock, read_hold, settle
from visage.saved_model.pushing.signing import SIGNATURE_FILE, SigningKeys, sign, verify
from visage.saved_model.versions import VersionFolder, newest_version, version_folders, version_number

# TensorFlow Serving reads folders whose name is a number, and no others.
_UNFINISHED = ".pushing"
# A line for each version that was pushed and is on disk, and for the last one, which may have been removed: its number
# and, as JSON text, the run that pushed it. Earlier releases wrote the last number alone.
_PUSHES = ".last_version"


def push(
    model_path: Path,
    base_directory: Path,
    keys: SigningKeys | None = None,
    *,
    run_id: str = "",
    check_replaceable: Callable[[Path], None] = lambda served: None,
) -> Path:
    """Copies a SavedModel to a new numbered version, unless the newest version is the same model.

    The copy is made beside the versions and renamed when it is complete and on the disk; leftovers of a killed push are
    removed. Pushes into one folder wait for each other. With keys, the model is signed and its copy verified before the
    copy is renamed, so that a version appears with its signature; a newest version without a valid signature is pushed
    again.

    Args:
        model_path: folder with `saved_model.pb`.
        base_directory: holds the versions; created if missing.
        keys: of the signature; None: the version is not signed.
        run_id: of the run that pushes; '': it is not recorded. A run that pushed this model, was killed and goes on
            gets the version that it made, also where another one is served by now.
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
            for version in (version_pushed_by(base_directory, run_id), newest):
                if version is not None and same_files(model_path, version.path) and _is_signed(version.path, keys):
                    return version.path
            check_not_held(model_path, base_directory, hold)
            if newest is not None:
                check_replaceable(newest.path)
            above = max([newest.number if newest else -1, *_pushes(base_directory), *hold.versions])
            return _push(model_path, base_directory, above, keys, run_id)
    except OSError as error:
        reason = _reason(error)
        raise VisageError(f"cannot push the model to {base_directory}: {reason}; fix that and run again") from error


def version_pushed_by(base_directory: Path, run_id: str) -> VersionFolder | None:
    """Returns the newest version in service that a run pushed; None if it pushed none, or that is not known."""
    versions = reversed(version_folders(base_directory))
    return next((version for version in versions if was_pushed_by(version.path, run_id)), None)


def was_pushed_by(version: Path, run_id: str) -> bool:
    """Returns whether a run pushed a version, `BASE/NUMBER`; False if that is not known."""
    number = version_number(version)
    return bool(run_id) and number is not None and _pushes(version.parent).get(number) == json.dumps(run_id)


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


def last_number(base_directory: Path) -> int | None:
    """Returns the number of the last push, whose version may have been removed; None if it is not known."""
    return max(_pushes(base_directory), default=None)


def _pushes(base_directory: Path) -> dict[int, str]:
    """Returns the runs that pushed the versions, as JSON texts, by number; '' if it is not known."""
    try:
        lines = (base_directory / _PUSHES).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return {}
    fields = (line.partition(" ") for line in lines)
    return {number: run for name, _, run in fields if (number := version_number(Path(name))) is not None}


def _push(model_path: Path, base_directory: Path, above: int, keys: SigningKeys | None, run_id: str) -> Path:
    number = max(int(time.time()), above + 1)
    version = base_directory / str(number)
    with atomic_folder(version, base_directory / _UNFINISHED, durable=True) as unfinished:
        shutil.copytree(model_path, unfinished, dirs_exist_ok=True)
        if keys is not None:
            _sign_copy(model_path, unfinished, keys)
        _record_push(base_directory, number, run_id)
    return version


def _record_push(base_directory: Path, number: int, run_id: str) -> None:
    on_disk = {version.number for version in (*version_folders(base_directory), *held_versions(base_directory))}
    pushes = {other: run for other, run in _pushes(base_directory).items() if other in on_disk}
    pushes[number] = json.dumps(run_id) if run_id else ""
    lines = (f"{other} {run}".rstrip() for other, run in sorted(pushes.items()))
    write_atomically(base_directory / _PUSHES, "".join(f"{line}\n" for line in lines))


def _sign_copy(model_path: Path, copy: Path, keys: SigningKeys) -> None:
    """Signs the original and verifies the copy, so that an incomplete copy is found too."""
    signature = copy / SIGNATURE_FILE
    signature.parent.mkdir(exist_ok=True)
    signature.unlink(missing_ok=True)
    sign(model_path, signature, keys.private)
    verify(copy, keys.public)
