"""The settings of the store of ML Metadata."""

from typing import Literal

from pydantic import Field

from pipeline.config.secret_files import SecretFile
from visage.settings import Settings

StoreKind = Literal["sqlite", "mysql", "postgresql"]


class MetadataSettings(Settings):
    """Where ML Metadata keeps lineage and settings; the address of a server stands elsewhere, for it has a password."""

    store: StoreKind = Field("sqlite", description="sqlite: a file in the pipeline's folder; else a server's database")
    url_file: SecretFile | None = Field(
        None, min_length=1, description="file with the server's address; null: $VISAGE_METADATA_URL has it"
    )
