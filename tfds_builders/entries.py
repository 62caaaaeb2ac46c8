"""The files of an extracted archive or of a folder of images; imports no TensorFlow."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from visage.errors import quoted
from visage.faces.image_formats import ENDINGS

IMAGE_UNREADABLE = "picture_unreadable"
"""The reason for a file that cannot be opened or read."""

# macOS adds such a file to an archive for each file, with the same extension.
_MACOS_FOLDER, _MACOS_PREFIX = "__MACOSX", "._"


@dataclass(frozen=True)
class Entry:
    """One file, or an entry that is not a file.

    Attributes:
        name: POSIX path relative to the top folder; bytes that are not UTF-8 are surrogates.
        size: bytes.
        reason: name under which an unreadable entry is counted; '' if it is readable.
        why: the reason in words.
    """

    name: str
    size: int = 0
    reason: str = ""
    why: str = ""


def entries_of(folder: Path) -> Iterator[Entry]:
    """Yields every file below a folder, folder by folder in the order of their names.

    A link counts as the file that it points to. These become an entry with a reason: a link that points outside the
    folder, to a folder or nowhere, a socket or device, an unreadable file, and a folder that may not be listed.
    """
    top = os.path.realpath(folder)
    unlisted: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unlisted.append):
        yield from _unlistable(unlisted, folder)
        folders.sort()
        below = os.path.relpath(place, folder)
        links = (name for name in folders if Path(place, name).is_symlink())
        for name in sorted([*names, *links]):
            yield _entry(Path(place, name), name if below == "." else f"{below}/{name}", top)
    yield from _unlistable(unlisted, folder)


def _unlistable(errors: list[OSError], folder: Path) -> Iterator[Entry]:
    while errors:
        error = errors.pop(0)
        name = os.path.relpath(error.filename, folder)
        yield Entry(name, reason="folder_unreadable", why=f"the folder cannot be listed ({error.strerror})")


def _entry(path: Path, name: str, top: str) -> Entry:
    is_link = False
    try:
        status = path.lstat()
        is_link = stat.S_ISLNK(status.st_mode)
        if is_link:
            target = quoted(str(path.readlink()))
            if not (os.path.realpath(path) + os.sep).startswith(top.rstrip(os.sep) + os.sep):
                return Entry(name, reason="picture_outside_folder", why=f"a link to {target}, outside the folder")
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                return Entry(name, reason="link", why=f"a link to the folder {target}")
        if not stat.S_ISREG(status.st_mode):
            return Entry(name, reason="not_a_file", why="neither a file nor a folder")
        may_be_read = os.access(path, os.R_OK, effective_ids=True)
        reason, why = ("", "") if may_be_read else (IMAGE_UNREADABLE, "permission to read it is missing")
        return Entry(name, status.st_size, reason, why)
    except OSError as error:
        if is_link:
            return Entry(name, reason="link", why=f"a link that leads nowhere ({error.strerror})")
        return Entry(name, reason=IMAGE_UNREADABLE, why=f"it cannot be read ({error.strerror})")


def reason_without_row(file: Entry) -> tuple[str, str]:
    """Returns why a file that no row names is not a readable image: reason and words, or twice ''."""
    if file.reason not in ("", IMAGE_UNREADABLE):
        return file.reason, file.why
    return (file.reason, file.why) if is_image_name(file.name) else ("not_a_picture", "no image by its name")


def reason_to_skip(file: Entry | None) -> tuple[str, str]:
    """Returns why the image that a row names cannot be used: reason and words, or twice ''.

    Args:
        file: the archive's file of that name; None: there is none.
    """
    if file is None:
        return "picture_missing", "the archive has no such image"
    if file.reason:
        return file.reason, file.why
    return ("", "") if file.size else ("picture_empty", "the file is empty")


def is_image_name(name: str) -> bool:
    """Returns whether a file is an image by its name; the files that macOS adds for each file are not.

    >>> [is_image_name(name) for name in ("a/b.JPG", "a.jpeg", "Thumbs.db", "a/._b.jpg", "__MACOSX/a.jpg")]
    [True, True, False, False, False]
    """
    path = PurePosixPath(name)
    from_macos = path.name.startswith(_MACOS_PREFIX) or _MACOS_FOLDER in path.parts
    return path.suffix.lower() in ENDINGS and not from_macos
