"""Expands paths as people write them, and refuses unusable ones."""

import os
import re
from pathlib import Path

StrPath = str | os.PathLike[str]

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})")
# With one slash, too: so pathlib writes an address.
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|(?:s3a?|gs|gcs|az|abfss?|wasbs?|hdfs|file|https?|ftp):/", re.IGNORECASE)
_FILE = "file"
_DOWNLOADS = ("http", "https", "ftp")


def expand(path: str) -> str:
    """Expands `~`, `~user`, `$NAME` and `${NAME}` as a shell does; `$$` is a dollar sign.

    >>> expand("$$HOME, 5 $")
    '$HOME, 5 $'

    Raises:
        ValueError: a variable is not set or empty, or there is no such user.
    """
    home = Path(path).parts[0] if path.startswith("~") else ""
    expanded_home = _home(home) if home else ""
    return expanded_home + _VARIABLE.sub(_value, path[len(home) :])


def as_literal(path: str | Path) -> str:
    """Returns what `expand` turns into this very path.

    >>> as_literal("~/a$b")
    './~/a$$b'
    """
    escaped = str(path).replace("$", "$$")
    return f"./{escaped}" if escaped.startswith("~") else escaped


def is_url(path: str) -> bool:
    """Returns whether a text is an address rather than a path of this machine.

    >>> is_url("s3://models/visage"), is_url("s3:/models/visage"), is_url("./s3:/models")
    (True, True, False)
    """
    return _URL.match(path) is not None


def instead_of_url(url: str) -> str:
    """Returns what to do where a path is needed and an address was given.

    >>> instead_of_url("file:///data/faces")
    'write the path alone, /data/faces'
    >>> instead_of_url("s3://models/visage")
    'mount the bucket or a shared volume on this machine and name the folder (docs/volumes.md)'
    """
    scheme, _, rest = url.partition(":")
    if scheme.lower() == _FILE:
        return f"write the path alone, /{rest.lstrip('/')}"
    if scheme.lower() in _DOWNLOADS:
        return "download it and name the file or folder here"
    return "mount the bucket or a shared volume on this machine and name the folder (docs/volumes.md)"


def check_no_url(path: str) -> None:
    """Checks that a path is no address, which pathlib would take for a folder such as `s3:`.

    Raises:
        ValueError: it is one.
    """
    if is_url(path):
        what = "an address with an @, which may hold a password" if "@" in path else f"the address {path!r}"
        raise ValueError(f"must be a path of this machine, not {what}; {instead_of_url(path)}")


def check_local(path: str) -> None:
    """Checks that ML Metadata can record where a path of this machine leads.

    Its records are protobuf messages, whose text is UTF-8. A file system knows bytes.

    Raises:
        ValueError: it is an address, or the name of a folder in it holds other bytes.
    """
    check_no_url(path)
    if "\0" in path:
        raise ValueError(f"must not hold a zero character: {path!r}")
    for spelled in (path, str(Path(path).resolve())):
        if not _is_utf8(spelled):
            raise ValueError(f"ML Metadata cannot record {spelled!r}, which holds bytes that are no UTF-8; rename it")


def _home(tilde: str) -> str:
    found = os.path.expanduser(tilde)  # noqa: PTH111 (Path raises for an unknown user)
    if found == tilde:
        raise ValueError(f"{tilde}: no user has this name; write ./{tilde} for a file of that name")
    return found


def _value(found: re.Match[str]) -> str:
    if found["escaped"]:
        return "$"
    name = found["name"] or found["braced"]
    value = os.environ.get(name)
    if not value:
        state = "not set" if value is None else "empty"
        raise ValueError(f"the environment variable {name} is {state}; set it, or write $$ for a dollar sign")
    return value


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
