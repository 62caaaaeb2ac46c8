"""The settings of what a run sends to other tools, and of the keys that sign its model."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from visage.errors import quoted_address
from visage.settings import LocalPath, Settings


def http_address(address: str, password: str = "docs/exports.md names the variables of the environment for it") -> str:
    """Returns an address without a slash at its end.

    Args:
        address: as a person wrote it.
        password: where a password belongs instead.

    Raises:
        ValueError: it is no address of HTTP, or has a password, which would stand in logs.
    """
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"must be an address of HTTP, such as http://HOST:5000, not {quoted_address(address)}")
    if parts.username or parts.password:
        raise ValueError(f"must not hold a password; {password}")
    return address.rstrip("/")


def _http(address: str | None) -> str | None:
    return None if address is None else http_address(address)


class MLflowSettings(Settings):
    """An MLflow tracking server that gets the run, its figures and the model card."""

    tracking_uri: str | None = Field(None, description="address of the server; null: no export")
    experiment: str = Field("visage", min_length=1, max_length=500, description="created if missing")

    _is_http = field_validator("tracking_uri")(_http)


class OpenLineageSettings(Settings):
    """Where the events of the nodes go, by OpenLineage 2-0-2."""

    url: str | None = Field(None, description="address to which each event is posted; null: none")
    file: LocalPath | None = Field(None, description="file to which events are appended, one a line; null: none")
    namespace: str = Field("visage", min_length=1, description="namespace of the jobs")

    _is_http = field_validator("url")(_http)


class SigningSettings(Settings):
    """The keys of the signature of a pushed model: PEM files, elliptic curve."""

    private_key: LocalPath | None = Field(None, min_length=1, description="signs what Pusher pushes; null: unsigned")
    public_key: LocalPath | None = Field(None, min_length=1, description="verifies what is pushed, served and used")

    @model_validator(mode="after")
    def _verifies_what_it_signs(self) -> "SigningSettings":
        if self.private_key is not None and self.public_key is None:
            raise ValueError("public_key: must be set with private_key, so that each signature is verified")
        return self


class ExportSettings(Settings):
    """What a run leaves for other tools."""

    timeout_seconds: float = Field(10.0, gt=0, le=600, description="for each request")
    ml_bom: bool = Field(False, description="whether a CycloneDX ML-BOM is written")
    openlineage: OpenLineageSettings = OpenLineageSettings()
    mlflow: MLflowSettings = MLflowSettings()
    signing: SigningSettings = SigningSettings()
