"""Takes pushed versions out of service and back: rollback, hold and release."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from visage.errors import VisageError
from visage.names import did_you_mean
from visage.saved_model.pushing.holds import (
    Hold,
    Rollback,
    decide,
    held_versions,
    push_lock,
    read_hold,
    settle,
    without_rollback,
    write_hold,
)
from visage.saved_model.versions import VersionFolder, newest_version, version_folders


def roll_back(base: Path, number: str, reason: str = "") -> Rollback:
    """Makes an older version the served one: every higher version is held back, until `release`.

    A newer model with other content is pushed and served as usual.

    Args:
        base: the folder of the versions.
        number: name of the version; it may be one that an earlier rollback holds back.
        reason: in the user's words.

    Returns:
        The decision, which is recorded.

    Raises:
        VisageError: there is no such version, it has no model, it is served already, or the folder cannot be written.
    """
    with _changing(base, "roll back"):
        before = read_hold(base)
        everything = sorted((*version_folders(base), *held_versions(base)), key=lambda version: version.number)
        target = _find(everything, number, base)
        if not target.has_model:
            raise VisageError(f"version {number} in {base}: has no saved_model.pb; choose another version")
        above = tuple(version.number for version in everything if version.number > target.number)
        served = newest_version(base)
        if served is not None and served.number == target.number and set(above) == set(before.versions):
            raise VisageError(f"version {number} in {base}: is served already; visage runs list shows the versions")
        rollback = Rollback(target.number, above, decide(reason))
        hold = replace(before, rollback=rollback)
        write_hold(base, hold)
        settle(base, hold)
        return rollback


def hold_pushes(base: Path, reason: str = "") -> Hold:
    """Holds every push into a folder until `release`; a rollback stays as it is.

    Raises:
        VisageError: pushing is held already, or the folder cannot be written.
    """
    with _changing(base, "hold pushes"):
        before = read_hold(base)
        if before.pushing:
            raise VisageError(f"{base}: pushing is held already {before.pushing}; release it with: visage runs release")
        hold = replace(before, pushing=decide(reason))
        write_hold(base, hold)
        return hold


def release(base: Path) -> Hold:
    """Ends a hold and a rollback: every version returns, and the newest is served again.

    Returns:
        What was held.

    Raises:
        VisageError: nothing is held, or the folder cannot be written.
    """
    with _changing(base, "release"):
        before = read_hold(base)
        if before == Hold():
            raise VisageError(f"{base}: nothing is held; visage runs list shows the versions")
        after = without_rollback(before)
        # The record goes last, so that a killed release is repeated.
        write_hold(base, after)
        settle(base, after)
        write_hold(base, Hold())
        return before


@contextmanager
def _changing(base: Path, what: str) -> Iterator[None]:
    """Holds the lock of a folder that exists, and words its errors."""
    if not base.is_dir():
        raise VisageError(f"{base}: no model has been pushed; run the pipeline first (visage run)")
    try:
        with push_lock(base, what):
            yield
    except OSError as error:
        raise VisageError(f"{base}: cannot {what}: {error.strerror}; fix that and try again") from error


def _find(versions: list[VersionFolder], number: str, base: Path) -> VersionFolder:
    for version in versions:
        if version.path.name == number:
            return version
    names = [version.path.name for version in versions]
    fix = did_you_mean(number, names) or f"there are {', '.join(names) or 'none'}"
    raise VisageError(f"version {number} in {base}: does not exist; {fix}")
