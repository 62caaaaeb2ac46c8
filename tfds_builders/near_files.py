"""Files and folders with nearly the name that is looked for."""

import itertools
import os
from collections.abc import Collection
from pathlib import Path

from visage.errors import listed
from visage.names import near_names

# A folder of images may have a million.
_LOOKED_AT = 20_000


def near_files(folder: Path, wanted: Collection[str]) -> str:
    """Returns 'it holds X, did you mean that? ' for names in a folder that are nearly a wanted one, else ''.

    Args:
        folder: the folder; may be missing.
        wanted: names that the folder does not hold.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, _LOOKED_AT)]
    except OSError:
        return ""
    near = [name for name in names if near_names(name, wanted)]
    if not near:
        return ""
    return f"it holds {listed(sorted(near))}, did you mean {'that' if len(near) == 1 else 'one of them'}? Rename it; "
