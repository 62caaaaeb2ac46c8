"""ML Metadata on a server: MySQL, MariaDB or PostgreSQL, with what its own clients lack."""

import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from absl import logging
from google.protobuf.message import Message
from ml_metadata import errors
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline.metadata.address import ServerAddress
from pipeline.metadata.postgresql_strings import decode, encoded
from pipeline.metadata.server import check_server, login_hint
from visage.errors import VisageError, shortened

# Another process makes the tables, which takes a second or two.
_TABLES_SECONDS = 20.0
# The check is a connection without a login, of which MySQL writes a warning; a node opens the store several times.
_TRUSTED_SECONDS = 60.0
_opened_at: dict[ServerAddress, float] = {}
_BEING_MADE = ("concurrent connection", "Deadlock", "already exists", "duplicate key", "Duplicate entry")
_REFUSED = ("mysql_real_connect failed", "password authentication failed", "no password supplied")
# A type that ML Metadata creates itself, in another case.
_MISSPELT_TYPE = "MLMD.MODEL"


def open_server(address: ServerAddress) -> MetadataStore:
    """Opens the store; creates its tables in an empty database, also while another process does.

    Raises:
        VisageError: the server does not answer or refuses the login, the database does not exist, is of another
            version, or takes names of different case for one.
    """
    end = time.monotonic() + _TABLES_SECONDS
    while True:
        if time.monotonic() - _opened_at.get(address, -math.inf) > _TRUSTED_SECONDS:
            check_server(address)
        try:
            store = _ServerStore(address)
            break
        except _NotOpenedError as error:
            problem = str(error)
        # MySQL's client has one message for a server that is gone and for one that refuses the login.
        check_server(address)
        if not any(words in problem for words in _BEING_MADE):
            raise VisageError(f"{address}: {_why_not_opened(address, problem)}")
        if time.monotonic() > end:
            raise VisageError(
                f"{address}: its tables are incomplete ({shortened(problem)}); if no other process is making them, "
                "remove and create the database"
            )
        time.sleep(0.3)
    _opened_at[address] = time.monotonic()
    if address.store == "mysql" and _knows_type(store, _MISSPELT_TYPE):
        raise VisageError(
            f"{address}: the database takes names of different case for one; create it with COLLATE utf8mb4_bin "
            "(docs/metadata.md)"
        )
    return store


class _NotOpenedError(Exception):
    """ML Metadata did not open the store; its message and what its client wrote to standard error."""


class _ServerStore(MetadataStore):
    """ML Metadata's handle of a server.

    Once the connection is lost the handle is never used again: ML Metadata's MySQL client then ends the whole process
    by a segmentation fault.
    """

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        self._lost = ""
        with _no_debug_log(), _standard_error() as written:
            try:
                super().__init__(_connection(address))
            except (RuntimeError, errors.StatusError) as error:
                raise _NotOpenedError(f"{error} {written()}") from None

    def _call(self, method_name: str, request: Message, response: Message, extra_options: Any = None) -> Any:
        """Calls a method of ML Metadata, which reaches every public one through this.

        Raises:
            VisageError: the connection is lost, or other processes hold what the call needs.
        """
        if self._lost:
            raise self._lost_error()
        if self._address.store == "postgresql":
            request = encoded(request)
        try:
            result = super()._call(method_name, request, response, extra_options)
        except (errors.InternalError, errors.UnavailableError, errors.UnknownError) as error:
            self._lost = _cause(str(error)) or "the connection is lost"
            raise self._lost_error() from error
        except errors.AbortedError as error:
            raise VisageError(
                f"{self._address}: other processes hold what {method_name} needs ({_cause(str(error))}); run again"
            ) from error
        if self._address.store == "postgresql":
            decode(response)
        return result

    def _lost_error(self) -> VisageError:
        return VisageError(
            f"{self._address}: the metadata server failed while it was used ({self._lost}); correct that and run again"
        )


def _connection(address: ServerAddress) -> metadata_store_pb2.ConnectionConfig:
    if address.store == "postgresql":
        postgresql = metadata_store_pb2.PostgreSQLDatabaseConfig(
            host=address.host,
            port=str(address.port),
            user=_conninfo_value(address.user),
            password=_conninfo_value(address.password),
            dbname=_conninfo_value(address.database),
            skip_db_creation=True,
        )
        return metadata_store_pb2.ConnectionConfig(postgresql=postgresql)
    mysql = metadata_store_pb2.MySQLDatabaseConfig(
        # The client takes this name for a socket file.
        host="127.0.0.1" if address.host == "localhost" else address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        skip_db_creation=True,
    )
    return metadata_store_pb2.ConnectionConfig(mysql=mysql)


def _conninfo_value(text: str) -> str:
    """Returns a text as libpq reads it, because ML Metadata only puts such texts together."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _why_not_opened(address: ServerAddress, problem: str) -> str:
    if versions := re.search(r"database version (\d+) is greater than library version (\d+)", problem):
        return (
            f"its tables are of version {versions[1]}, this ML Metadata knows {versions[2]}; install the VisAge that "
            "wrote it, or name another database"
        )
    if "upgrade" in problem:
        return f"its tables are of an older version of ML Metadata ({shortened(problem)}); name another database"
    if "Unknown database" in problem or re.search(r'database "[^"]*" does not exist', problem):
        return f"there is no database {address.database}; create it (docs/metadata.md)"
    # MySQL's client drops the cause of a refused login.
    if any(words in problem for words in _REFUSED):
        return (
            f"the metadata server refuses the login of {address.user}; correct user and password, or the hosts that "
            f"the user may come from{login_hint(address) if address.store == 'mysql' else ''}"
        )
    return f"the metadata server cannot be used ({_cause(problem)}); correct that and run again"


def _cause(problem: str) -> str:
    """Returns the server's own words of an error of ML Metadata, on one line, without those of the login."""
    # What libpq cannot read may be a part of the password.
    problem = re.sub(r'(missing "="|invalid connection option).*', r"\1", problem, flags=re.DOTALL)
    for pattern in (r"(?:PostgreSQL error|FATAL|ERROR): +(.+)", r", error: (.+)"):
        if found := re.search(pattern, problem):
            return shortened(found[1].strip())
    return shortened(problem.removeprefix("PostgreSQL metadata source error:").strip())


def _knows_type(store: MetadataStore, name: str) -> bool:
    try:
        return store.get_artifact_type(name) is not None
    except errors.NotFoundError:
        return False


@contextmanager
def _no_debug_log() -> Iterator[None]:
    """Keeps ML Metadata from logging the connection, with its password."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(min(verbosity, logging.INFO))
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


@contextmanager
def _standard_error() -> Iterator[Callable[[], str]]:
    """Takes what C++ code writes to standard error; yields what returns it so far."""
    sys.stderr.flush()
    kept, taken = os.dup(2), os.memfd_create("standard-error")
    os.dup2(taken, 2)
    try:
        yield lambda: os.pread(taken, 1 << 16, 0).decode("utf-8", "replace")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(taken)
