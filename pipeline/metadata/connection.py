"""Opens ML Metadata for TFX's launcher, and reports a locked file within seconds."""

from pathlib import Path
from types import TracebackType

from ml_metadata.errors import AbortedError
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipeline.machine.full_disk import is_full_database, no_space_line
from pipeline.metadata.store import PATIENCE_SECONDS, check_usable, locked_line
from visage.errors import VisageError


class CheckedMetadata(metadata.Metadata):
    """Opens the store only if its SQLite file is usable; TFX's own class retries for seven minutes and more."""

    def __init__(self, connection: metadata_store_pb2.ConnectionConfig) -> None:
        super().__init__(connection)
        self._database = Path(connection.sqlite.filename_uri)
        self._patience = PATIENCE_SECONDS

    def __enter__(self) -> "CheckedMetadata":
        """Opens the store.

        Raises:
            VisageError: the database is damaged, cannot be written, or another process keeps it locked.
        """
        patience, self._patience = self._patience, 0.0
        check_usable(self._database, to_write=True, patience=patience)
        # After one timeout, recording that the node has failed does not wait again.
        self._patience = patience
        super().__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Closes the store.

        Raises:
            VisageError: the disk is full, or another process locked the database while the store was open, and ML
                Metadata has given up.
        """
        super().__exit__(exc_type, exc_value, exc_tb)
        if is_full_database(exc_value):
            raise VisageError(no_space_line(self._database)) from exc_value
        if isinstance(exc_value, AbortedError):
            self._patience = 0.0
            raise VisageError(locked_line(self._database)) from exc_value


def connection_of(config: metadata.ConnectionConfigType) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection of a compiled pipeline; creates the folder of a SQLite file."""
    connection = getattr(config, config.WhichOneof("connection_config"))
    if connection.HasField("sqlite"):
        Path(connection.sqlite.filename_uri).parent.mkdir(parents=True, exist_ok=True)
    return connection
