"""Lists the versions of a model and finds the newest, by the rule of TensorFlow Serving.

The versions of a model are the folders `BASE/NUMBER`; those that a pipeline pushes lie in `serving/NAME/NUMBER`.

Source: TensorFlow Serving, sources/storage_path/file_system_storage_path_source.cc, IndexChildrenByVersion.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SAVED_MODEL = "saved_model.pb"

# Clients name a version by its digits alone, so signs and blanks, which TensorFlow Serving accepts, are excluded.
_NUMBER = re.compile(r"[0-9]+")
_HIGHEST = 2**63 - 1


@dataclass(frozen=True)
class VersionFolder:
    """One version of a model.

    Attributes:
        number: 0 to 2**63 - 1; the highest is the newest.
        path: the folder, whose name is the number, with leading zeros or not.
    """

    number: int
    path: Path

    @property
    def has_model(self) -> bool:
        """Returns whether the file `saved_model.pb` exists; a version that is still being copied may lack it."""
        return (self.path / SAVED_MODEL).is_file()


def version_number(folder: Path) -> int | None:
    """Returns the number in the name of a version's folder; None if the name is not that of a version.

    >>> version_number(Path("serving/visage/007"))
    7
    >>> version_number(Path("serving/visage/.pushing")) is None
    True
    """
    number = int(folder.name) if _NUMBER.fullmatch(folder.name) else None
    return number if number is not None and number <= _HIGHEST else None


def version_folders(base: Path) -> list[VersionFolder]:
    """Returns the versions below a base folder, the lowest number first; none if the folder does not exist.

    If several names give one number (`7` and `007`), the last in alphabetical order is the version.
    """
    if not base.is_dir():
        return []
    found = {number: path for path in sorted(base.iterdir()) if (number := version_number(path)) is not None}
    return [VersionFolder(number, found[number]) for number in sorted(found)]


def newest_version(base: Path) -> VersionFolder | None:
    """Returns the version with the highest number below a base folder; None if there is none."""
    return next(reversed(version_folders(base)), None)


def find_saved_model(path: Path) -> Path | None:
    """Returns the SavedModel at a path, or else the newest version below it that has one; None if none has."""
    if (path / SAVED_MODEL).is_file():
        return path
    return next((version.path for version in reversed(version_folders(path)) if version.has_model), None)
