"""Opens ML Metadata for TFX's launcher, and reports within seconds a store that cannot be used."""

from types import TracebackType

from ml_metadata.errors import AbortedError
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipeline.machine.full_disk import is_full_database, no_space_line
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.opened import check_own_pipeline
from pipeline.metadata.server_store import open_server
from pipeline.metadata.sqlite import sqlite_connection
from pipeline.metadata.store import PATIENCE_SECONDS, locked_line
from visage.errors import VisageError


class CheckedMetadata(metadata.Metadata):
    """Opens the store only if it is usable; TFX's own class retries for seven minutes and more."""

    def __init__(self, location: StoreLocation) -> None:
        # TFX logs no connection of its own, and copies this one: it has no password.
        super().__init__(compiled_connection(location))
        self._location = location
        self._patience = PATIENCE_SECONDS

    def __enter__(self) -> "CheckedMetadata":
        """Opens the store.

        Raises:
            VisageError: the file is damaged, cannot be written, or another process keeps it locked; the server cannot
                be used.
        """
        if not self._location.is_file:
            store = open_server(self._location.address())
            check_own_pipeline(store, self._location)
            self._store = store
            self._users += 1
            return self
        patience, self._patience = self._patience, 0.0
        self._location.check(to_write=True, patience=patience)
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
        if not self._location.is_file:
            return
        if is_full_database(exc_value):
            raise VisageError(no_space_line(self._location.database)) from exc_value
        if isinstance(exc_value, AbortedError):
            self._patience = 0.0
            raise VisageError(locked_line(self._location.database)) from exc_value


def compiled_connection(location: StoreLocation) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection that a compiled pipeline has: a SQLite file, or the kind of a server without its address.

    A node takes the server's address from its own environment, so that no compiled pipeline holds a password.
    """
    kinds = {
        "mysql": metadata_store_pb2.ConnectionConfig(mysql=metadata_store_pb2.MySQLDatabaseConfig()),
        "postgresql": metadata_store_pb2.ConnectionConfig(postgresql=metadata_store_pb2.PostgreSQLDatabaseConfig()),
    }
    if location.is_file:
        return sqlite_connection(location.database, "create")
    return kinds[location.settings.store]
