"""Opens ML Metadata wherever it is, without TFX."""

from pathlib import Path
from typing import Literal

from ml_metadata.metadata_store import ListOptions, MetadataStore, OrderByField

from pipeline.metadata.location import StoreLocation
from pipeline.metadata.server_store import open_server
from pipeline.metadata.sqlite import sqlite_connection
from visage.errors import VisageError

# In the folder of a pipeline.
ARTIFACTS = "artifacts"


def open_store(location: StoreLocation, mode: Literal["read", "write"]) -> MetadataStore:
    """Returns ML Metadata's handle of a store with records.

    Raises:
        VisageError: the file is damaged, locked, or cannot be written; the server cannot be used.
    """
    if not location.is_file:
        return open_server(location.address())
    location.check(to_write=mode == "write")
    return MetadataStore(sqlite_connection(location.database, mode))


def check_login(location: StoreLocation) -> None:
    """Checks that the server of a store can be used by this pipeline; takes half a second.

    Raises:
        VisageError: the server cannot be used, or the store has a pipeline of this name of another folder.
    """
    check_own_pipeline(open_store(location, "write"), location)


def check_own_pipeline(store: MetadataStore, location: StoreLocation) -> None:
    """Checks that the pipeline of this name on a server's store is this one.

    Raises:
        VisageError: its outputs are in another folder.
    """
    name, artifacts = location.root.name, location.root / ARTIFACTS
    context = store.get_context_by_type_and_name("pipeline", name)
    if context is None:
        return
    newest = ListOptions(limit=1, order_by=OrderByField.ID, is_asc=False)
    for artifact in store.get_artifacts_by_context(context.id, newest):
        if artifact.uri and not Path(artifact.uri).is_relative_to(artifacts):
            raise VisageError(
                f"{location.name}: the store has a pipeline {name} whose outputs are elsewhere ({artifact.uri}); name "
                "the pipeline otherwise, or give that workspace"
            )
