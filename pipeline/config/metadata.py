"""The settings of the store of ML Metadata."""

from typing import Any, Literal

from pydantic import Field, field_validator

from visage.paths import is_url
from visage.settings import LocalPath, Settings

StoreKind = Literal["sqlite", "mysql", "postgresql"]


class MetadataSettings(Settings):
    """Where ML Metadata keeps lineage and settings; the address of a server stands elsewhere, for it has a password."""

    store: StoreKind = Field("sqlite", description="sqlite: a file in the pipeline's folder; else a server's database")
    url_file: LocalPath | None = Field(
        None, min_length=1, description="file with the server's address; null: $VISAGE_METADATA_URL has it"
    )

    @field_validator("url_file", mode="before")
    @classmethod
    def _is_no_address(cls, value: Any) -> Any:
        # Before the check of paths, whose message would repeat the password.
        if isinstance(value, str) and is_url(value):
            raise ValueError("must be the path of a file that holds the address, not the address")
        return value
