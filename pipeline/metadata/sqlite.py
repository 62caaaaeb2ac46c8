"""The connection to a SQLite file of ML Metadata."""

from pathlib import Path
from typing import Literal

from ml_metadata.proto import metadata_store_pb2

_SQLITE = metadata_store_pb2.SqliteMetadataSourceConfig
_MODES = {"read": _SQLITE.READONLY, "write": _SQLITE.READWRITE, "create": _SQLITE.READWRITE_OPENCREATE}


def sqlite_connection(database: Path, mode: Literal["read", "write", "create"]) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection; opens nothing.

    Args:
        database: the file.
        mode: 'read' and 'write' need a file that exists.
    """
    # TFX's own helper would create the folder on a machine that only compiles.
    source = _SQLITE(filename_uri=str(database), connection_mode=_MODES[mode])
    return metadata_store_pb2.ConnectionConfig(sqlite=source)
