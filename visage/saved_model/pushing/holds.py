"""Records which pushed versions a rollback has taken out of service, and whether pushing is held at all.

`BASE/hold.json` holds the decision of a person: who, when and why. `BASE/.held/NUMBER` are the versions that are held
back, complete: TensorFlow Serving, which serves the highest number in BASE, does not look there. The file is written
first; `settle` then moves the versions to where the file says, so that a call that is killed is completed by the next.
"""

import getpass
import hashlib
import json
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from visage.errors import VisageError
from visage.files import digest_of, move, write_atomically
from visage.lock import locked
from visage.saved_model.versions import SAVED_MODEL, VersionFolder, version_folders, version_number

RECORD = "hold.json"
_HELD = ".held"
_LOCK = ".push.lock"
# What a model predicts; `assets.extra` and `fingerprint.pb` also name the training, which a repeated one changes.
_CONTENT = (SAVED_MODEL, "variables", "assets")


class PushHeldError(VisageError):
    """A person has decided that this model is not pushed."""


@dataclass(frozen=True)
class Decision:
    """The decision of a person.

    Attributes:
        by: user and machine.
        at: ISO 8601, in UTC.
        reason: in the person's words; may be empty.
    """

    by: str
    at: str
    reason: str = ""

    def __str__(self) -> str:
        return f"by {self.by} on {self.at}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Rollback:
    """An older version is served; `versions` are held back until they are released."""

    version: int
    versions: tuple[int, ...]
    decision: Decision


@dataclass(frozen=True)
class Hold:
    """What is held; nothing if both are None."""

    pushing: Decision | None = None
    rollback: Rollback | None = None

    @property
    def versions(self) -> tuple[int, ...]:
        """Returns the numbers of the versions that are held back."""
        return self.rollback.versions if self.rollback else ()


def decide(reason: str) -> Decision:
    """Returns a decision that this user takes now."""
    return Decision(
        f"{user_name()}@{socket.gethostname()}", datetime.now(timezone.utc).isoformat(timespec="seconds"), reason
    )


def read_hold(base: Path) -> Hold:
    """Returns what is held below the folder of the versions.

    Versions in `.held` without a record, which was removed, count as rolled back by an unknown person.

    Raises:
        VisageError: the record is damaged.
    """
    file = base / RECORD
    try:
        return _from_json(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        held = tuple(version.number for version in held_versions(base))
        return Hold(rollback=Rollback(-1, held, Decision("unknown", "unknown"))) if held else Hold()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VisageError(
            f"{file}: damaged ({error}), so nothing is pushed; remove it, and decide again (visage runs rollback, hold)"
        ) from None


def write_hold(base: Path, hold: Hold) -> None:
    """Writes the record atomically, or removes it if nothing is held; the caller holds `push_lock`.

    Raises:
        VisageError: it cannot be written.
    """
    if hold == Hold():
        (base / RECORD).unlink(missing_ok=True)
    else:
        write_atomically(base / RECORD, json.dumps(asdict(hold), indent=2) + "\n")


def held_versions(base: Path) -> list[VersionFolder]:
    """Returns the versions that are out of service, the lowest number first."""
    return version_folders(base / _HELD)


def is_held(version: Path) -> bool:
    """Returns whether a version, `BASE/NUMBER`, is out of service."""
    return version_number(version) is not None and (version.parent / _HELD / version.name).is_dir()


def held_path(base: Path, name: str) -> Path:
    """Returns where a version of this name lies while it is out of service."""
    return base / _HELD / name


def push_lock(base: Path, what: str) -> AbstractContextManager[None]:
    """Returns a context in which no other process pushes to a folder, or changes what is held there."""
    return locked(base / _LOCK, what)


def settle(base: Path, hold: Hold) -> None:
    """Moves each version to where the record says; the caller holds `push_lock`.

    A server sees at most one change: versions return from the highest number down, and leave from the lowest up.

    Raises:
        OSError: the folder cannot be written.
    """
    for version in reversed(held_versions(base)):
        if version.number not in hold.versions:
            move(version.path, base / version.path.name)
    for version in version_folders(base):
        if version.number in hold.versions:
            move(version.path, held_path(base, version.path.name))


def check_not_held(model: Path, base: Path, hold: Hold | None = None) -> None:
    """Checks that a model may be pushed.

    Args:
        model: a SavedModel.
        base: the folder of the versions.
        hold: what `read_hold` returned; None: it is read.

    Raises:
        PushHeldError: pushing is held, or the model predicts the same as a version that was rolled back.
        VisageError: the record is damaged.
    """
    hold = hold or read_hold(base)
    if hold.pushing:
        raise PushHeldError(f"pushing is held {hold.pushing}; release it with: visage runs release")
    if hold.rollback is None:
        return
    digest = model_digest(model)
    # Where a rollback was killed, some are still in service.
    for version in (*held_versions(base), *version_folders(base)):
        if version.number in hold.versions and model_digest(version.path) == digest:
            raise PushHeldError(
                f"this is version {version.number}, rolled back {hold.rollback.decision}; "
                "release it with: visage runs release"
            )


def hold_state(base: Path) -> str:
    """Returns a text that differs whenever what is held differs; '' if nothing is.

    Raises:
        VisageError: the record is damaged.
    """
    hold = read_hold(base)
    return "" if hold == Hold() else json.dumps(asdict(hold), sort_keys=True)


def model_digest(model: Path) -> str:
    """Returns a digest of what a SavedModel predicts: equal for two trainings that gave the same graph and weights."""
    digests = " ".join(f"{name} {digest_of(model / name)}" for name in _CONTENT if (model / name).exists())
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def without_rollback(hold: Hold) -> Hold:
    """Returns the state in which every version is in service again; its record is still there."""
    return replace(hold, rollback=hold.rollback and replace(hold.rollback, versions=()))


def _from_json(document: Mapping[str, Any]) -> Hold:
    pushing, rollback = document["pushing"], document["rollback"]
    return Hold(
        pushing=pushing and Decision(**pushing),
        rollback=rollback
        and Rollback(
            version=int(rollback["version"]),
            versions=tuple(int(number) for number in rollback["versions"]),
            decision=Decision(**rollback["decision"]),
        ),
    )


def user_name() -> str:
    """Returns the name of this process's user, or 'unknown' where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
