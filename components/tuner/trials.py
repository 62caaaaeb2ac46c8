"""What trials gave, one file each, so that a search that was killed goes on with those that had ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from visage.errors import VisageError
from visage.files import write_atomically


@dataclass(frozen=True)
class Trial:
    """A training that ended.

    Attributes:
        val_loss: the lowest; None: it diverged.
    """

    val_loss: float | None


class Trials:
    """The files of one folder; each is named by all that its training depends on, as a checkpoint is."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is to be written."""
        self._folder = folder

    def read(self, key: str) -> Trial | None:
        """What the training of this key gave; None where it has not ended."""
        try:
            return Trial(**json.loads(self._file(key).read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            # Written whole, so the disk has damaged it; training anew costs time, stopping here would cost the search.
            return None

    def write(self, key: str, trial: Trial) -> None:
        """Keeps what a training gave.

        Raises:
            VisageError: it cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VisageError(f"{self._folder}: cannot be made: {error.strerror}") from None
        write_atomically(self._file(key), json.dumps({"val_loss": trial.val_loss}))

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"
