"""Reads the address of a served model."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from visage.errors import VisageError, quoted

DEFAULT_MODEL = "visage"
DEFAULT_GRPC_PORT = 8500

_ADDRESS = re.compile(r"(?P<scheme>https?|grpcs?)://(?P<host>[^/\s?#@]+)(?P<path>/[^\s?#]*)?", re.IGNORECASE)
_MODEL = re.compile(r"(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?")
_FORMS = "write http://HOST:PORT or grpc://HOST:PORT, for another model than `visage` with /v1/models/NAME or /NAME"


@dataclass(frozen=True)
class Address:
    """A model on a server.

    Attributes:
        scheme: 'http', 'https', 'grpc' or 'grpcs'; an s means TLS.
        host: HOST or HOST:PORT.
        prefix: path before /v1/models, of a server behind another one; over gRPC empty.
        model: its name.
        version: None: the newest one, or that of `label`.
        label: None: by version.
    """

    scheme: str
    host: str
    prefix: str = ""
    model: str = DEFAULT_MODEL
    version: int | None = None
    label: str | None = None

    @property
    def is_grpc(self) -> bool:
        """Returns whether the protocol is gRPC."""
        return self.scheme.startswith("grpc")

    @property
    def is_secure(self) -> bool:
        """Returns whether the connection uses TLS."""
        return self.scheme.endswith("s")

    @property
    def server(self) -> str:
        """Returns the address of the server, without the model."""
        return f"{self.scheme}://{self.host}{self.prefix}"

    @property
    def url(self) -> str:
        """Returns the address of the model, without a version; over REST the URL of its routes."""
        return f"{self.server}{'' if self.is_grpc else '/v1/models'}/{quote(self.model, safe='')}"

    @property
    def url_of_version(self) -> str:
        """Returns the address of the model with its version or label, if one is named."""
        if self.version is not None:
            return f"{self.url}/versions/{self.version}"
        return self.url if self.label is None else f"{self.url}/labels/{quote(self.label, safe='')}"

    @property
    def target(self) -> str:
        """Returns HOST:PORT of a gRPC server."""
        return self.host if urlsplit(f"//{self.host}").port else f"{self.host}:{DEFAULT_GRPC_PORT}"


def read_address(text: str, version: int | None = None, label: str | None = None) -> Address:
    """Reads an address.

    Args:
        text: e.g. 'http://host:8501', 'http://host:8501/v1/models/NAME/versions/3', 'grpc://host:8500/NAME/labels/stable';
            without a name the model is 'visage'.
        version: of the model; None: as in the address.
        label: of the version; None: as in the address.

    Raises:
        VisageError: it is no such address, or names more than one of version and label.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not _has_host(found["host"]):
        raise VisageError(f"server {quoted(text)}: no such address; {_FORMS}")
    scheme = found["scheme"].lower()
    path = (found["path"] or "").rstrip("/")
    prefix, _, rest = ("", "", path[1:]) if scheme.startswith("grpc") else path.partition("/v1/models/")
    model = _MODEL.fullmatch(rest or DEFAULT_MODEL)
    if model is None:
        raise VisageError(f"server {quoted(text)}: {quoted(rest)} is no model; {_FORMS}")
    if version is None and model["version"]:
        version = int(model["version"])
    if label is None and model["label"]:
        label = unquote(model["label"])
    if version is not None and label is not None:
        raise VisageError(f"server {quoted(text)}: version {version} and label {quoted(label)}: choose one")
    return Address(scheme, found["host"], prefix, unquote(model["name"]), version, label)


def _has_host(host: str) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
