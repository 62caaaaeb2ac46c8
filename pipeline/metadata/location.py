"""Says where the ML Metadata of a pipeline is: a SQLite file in its folder, or a database on a server.

The one owner of this: commands that know a pipeline's folder alone find its server by a small file in it, which has no
password. Imports nothing heavy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from pipeline.config.metadata import MetadataSettings
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.address import ServerAddress, read_address
from pipeline.metadata.server import check_server
from pipeline.metadata.store import DATABASE, PATIENCE_SECONDS, check_usable
from visage.errors import VisageError
from visage.files import write_atomically

# In the folder of a pipeline whose metadata are on a server.
MARKER = "metadata-store.json"


@dataclass(frozen=True)
class StoreLocation:
    """Where one pipeline's metadata are.

    Attributes:
        root: folder of the pipeline.
        settings: which store, without the address of a server.
    """

    root: Path
    settings: MetadataSettings = field(default_factory=MetadataSettings)

    @classmethod
    def of(cls, config: PipelineConfig) -> StoreLocation:
        """Returns the location that a configuration names."""
        return cls(config.root, config.with_absolute_outputs().metadata)

    @classmethod
    def found(cls, root: Path) -> StoreLocation:
        """Returns the location of the newest run in a pipeline's folder; a SQLite file if there was none.

        Raises:
            VisageError: the file that names the server is damaged.
        """
        try:
            values = json.loads((root / MARKER).read_text(encoding="utf-8"))
            return cls(root, MetadataSettings.model_validate(values))
        except FileNotFoundError:
            return cls(root)
        except (OSError, ValueError, ValidationError):
            raise VisageError(f"{root / MARKER}: damaged; the next run of the pipeline writes it again") from None

    @property
    def is_file(self) -> bool:
        """Returns whether the store is a SQLite file of this pipeline alone."""
        return self.settings.store == "sqlite"

    @property
    def database(self) -> Path:
        """Returns the SQLite file."""
        return self.root / DATABASE

    def address(self) -> ServerAddress:
        """Returns the address of the server.

        Raises:
            VisageError: it is not given, or malformed.
        """
        return read_address(self.settings)

    @property
    def name(self) -> str:
        """Returns what messages call the store: the file, or the address without its password."""
        if self.is_file:
            return str(self.database)
        with suppress(VisageError):
            return str(self.address())
        return f"the {self.settings.store} server of metadata.store"

    @property
    def is_there(self) -> bool:
        """Returns whether there may be records: the file has some, or a server is named."""
        # An empty file is left from a killed process.
        return not self.is_file or (self.database.is_file() and self.database.stat().st_size > 0)

    def check(self, *, to_write: bool, patience: float = PATIENCE_SECONDS) -> None:
        """Checks within seconds that the store can be opened; opens nothing.

        Args:
            to_write: False if ML Metadata only reads.
            patience: seconds to wait for another process that locks a SQLite file.

        Raises:
            VisageError: the file is damaged, locked, or cannot be written; the server does not answer.
        """
        if to_write:
            self._check_only_store()
        if self.is_file:
            check_usable(self.database, to_write=to_write, patience=patience)
        else:
            check_server(self.address())

    def _check_only_store(self) -> None:
        """Checks that no other store has records of the pipeline: both would give their numbers to the same folders."""
        other = None
        if (self.root / MARKER).exists() and StoreLocation.found(self.root).settings.store != self.settings.store:
            other = self.root / MARKER
        elif not self.is_file and StoreLocation(self.root).is_there:
            other = self.database
        if other is not None:
            raise VisageError(
                f"metadata.store: {self.settings.store}, but earlier runs are recorded elsewhere ({other}); name the "
                f"pipeline otherwise, or remove that file and {self.root / 'artifacts'}: pushed models stay, the "
                "history of runs is lost"
            )

    def prepare(self) -> None:
        """Creates the pipeline's folder, and records in it where the metadata are.

        Raises:
            VisageError: another store has records of the pipeline, or the file cannot be written.
        """
        self._check_only_store()
        self.root.mkdir(parents=True, exist_ok=True)
        if self.is_file:
            return
        marker = self.root / MARKER
        text = self.settings.model_dump_json() + "\n"
        with suppress(OSError):
            if marker.read_text(encoding="utf-8") == text:
                return
        write_atomically(marker, text)


def pipelines_of(workspace: Path) -> Iterator[StoreLocation]:
    """Yields the location of each pipeline of a workspace that has run, by name.

    Raises:
        VisageError: a file that names a server is damaged.
    """
    roots = {path.parent for name in (DATABASE, MARKER) for path in workspace.glob(f"*/{name}")}
    yield from map(StoreLocation.found, sorted(roots))


def pipeline_above(folder: Path) -> StoreLocation | None:
    """Returns the location of the pipeline in whose folder a folder is; None: it is in none.

    Raises:
        VisageError: the file that names a server is damaged.
    """
    for parent in folder.parents:
        if (parent / DATABASE).is_file() or (parent / MARKER).is_file():
            return StoreLocation.found(parent)
    return None
