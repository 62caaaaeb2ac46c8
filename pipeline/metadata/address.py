"""Reads the address of a metadata server from the environment or a secret file; no message repeats its password."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pipeline.config.metadata import MetadataSettings
from pipeline.config.secret_files import read_secret_address
from visage.errors import VisageError

URL_VARIABLE = "VISAGE_METADATA_URL"

_SCHEMES = {"mysql": "mysql", "mariadb": "mysql", "postgresql": "postgresql", "postgres": "postgresql"}
_PORTS = {"mysql": 3306, "postgresql": 5432}


@dataclass(frozen=True)
class ServerAddress:
    """A database on a server.

    Attributes:
        store: 'mysql' (and MariaDB) or 'postgresql'.
    """

    store: str
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        """Returns the address without its password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.store}://{self.user}@{host}:{self.port}/{self.database}"


def read_address(settings: MetadataSettings) -> ServerAddress:
    """Returns the address of the configured server, by $VISAGE_METADATA_URL, else by `metadata.url_file`.

    Raises:
        VisageError: there is none, or it is no address of the configured store.
    """
    address = read_secret_address(URL_VARIABLE, settings.url_file, "metadata.url_file")
    if address is None:
        raise VisageError(
            f"metadata.store: {settings.store}, but no address of the server; set ${URL_VARIABLE} or metadata.url_file"
        )
    where = address.place
    try:
        parts = urlsplit(address.text)
        port = parts.port
    except ValueError:
        raise _malformed(where, settings.store) from None
    store = _SCHEMES.get(parts.scheme)
    if store is not None and store != settings.store:
        raise VisageError(f"metadata.store: {settings.store}, but {where} is the address of a {store} server")
    database = unquote(parts.path.removeprefix("/"))
    if store is None or not (parts.hostname and parts.username and re.fullmatch(r"[\w.$-]+", database)):
        raise _malformed(where, settings.store)
    # `#` begins what a URL's reader drops: an unescaped password.
    if parts.fragment:
        raise _malformed(where, settings.store)
    if parts.query:
        # The clients in ml-metadata are built without it.
        raise VisageError(
            f"{where}: options after ? are not known, and ML Metadata speaks no TLS; remove them, and take a private "
            "network or a tunnel"
        )
    return ServerAddress(
        store=store,
        host=parts.hostname,
        port=port or _PORTS[store],
        database=database,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
    )


def _malformed(where: str, store: str) -> VisageError:
    return VisageError(
        f"{where}: must be {store}://USER:PASSWORD@HOST:PORT/DATABASE, in which / @ : # % ? of the password are "
        "written as %2F %40 %3A %23 %25 %3F"
    )
