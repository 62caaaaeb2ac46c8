"""Results of trials, one file each, so that a killed search resumes after the completed trials."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from visage.files import make_folder, write_atomically


@dataclass(frozen=True)
class Trial:
    """The result of a training.

    Attributes:
        val_loss: the lowest validation loss; None: the training diverged.
    """

    val_loss: float | None


class Trials:
    """The result files in one folder; each is named by everything that its training depends on, like a checkpoint."""

    def __init__(self, folder: Path) -> None:
        """Stores the path of the folder, which is created by the first write."""
        self._folder = folder

    def read(self, key: str) -> Trial | None:
        """Returns the result of the training with this key; None if it has not ended."""
        try:
            return Trial(**json.loads(self._file(key).read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            # Files are written atomically, so the disk has damaged it. Training again costs less than a failed search.
            return None

    def write(self, key: str, trial: Trial) -> None:
        """Stores the result of a training.

        Raises:
            VisageError: the file cannot be written.
        """
        make_folder(self._folder)
        write_atomically(self._file(key), json.dumps({"val_loss": trial.val_loss}))

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"
