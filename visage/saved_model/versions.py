"""Says what a version of a model is and which one is the newest: the one rule, that of TensorFlow Serving.

The versions of a model are the folders `BASE/NUMBER`; those that a pipeline pushes lie in `serving/NAME/NUMBER`.

Source: TensorFlow Serving, sources/storage_path/file_system_storage_path_source.cc, IndexChildrenByVersion.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SAVED_MODEL = "saved_model.pb"

# Clients name a version by its digits alone, so the signs and blanks that TensorFlow Serving reads as well are no part.
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
        """Whether the file `saved_model.pb` is there; a version that is still being copied may lack it."""
        return (self.path / SAVED_MODEL).is_file()


def version_number(folder: Path) -> int | None:
    """Returns the number of a version's folder, by its name; None where the name is no version's.

    >>> version_number(Path("serving/visage/007"))
    7
    >>> version_number(Path("serving/visage/.pushing")) is None
    True
    """
    number = int(folder.name) if _NUMBER.fullmatch(folder.name) else None
    return number if number is not None and number <= _HIGHEST else None


def version_folders(base: Path) -> list[VersionFolder]:
    """Returns the versions below a base folder, the lowest number first; none where there is no such folder.

    Of several names for one number (`7` and `007`), the last in the order of the alphabet is the version.
    """
    if not base.is_dir():
        return []
    found = {number: path for path in sorted(base.iterdir()) if (number := version_number(path)) is not None}
    return [VersionFolder(number, found[number]) for number in sorted(found)]


def newest_version(base: Path) -> VersionFolder | None:
    """Returns the version of the highest number below a base folder; None where there is none."""
    return next(reversed(version_folders(base)), None)


def find_saved_model(path: Path) -> Path | None:
    """Returns the SavedModel that a path means: itself, or its newest version that has one; None where none has."""
    if (path / SAVED_MODEL).is_file():
        return path
    return next((version.path for version in reversed(version_folders(path)) if version.has_model), None)
