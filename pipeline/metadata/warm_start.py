"""Finds the model that a training with `weights: blessed` will start from."""

from ml_metadata.metadata_store import MetadataStore
from tfx.types import Artifact
from tfx.types.artifact_utils import deserialize_artifact
from tfx.types.standard_artifacts import Model, PushedModel
from tfx.utils.path_utils import serving_model_path

from components.resolvers.blessed_model_strategy import MODEL, PUSHED_MODEL, BlessedModelStrategy
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.latest_examples import open_metadata
from pipeline.metadata.store import check_usable


def warm_start_model(config: PipelineConfig) -> str | None:
    """Returns the folder of the SavedModel that WarmStartModelResolver will find; None: it will find none.

    Raises:
        VisageError: the pipeline's metadata is damaged.
    """
    database = config.root / "metadata.sqlite"
    if config.trainer.weights != "blessed" or not database.is_file() or not database.stat().st_size:
        return None
    check_usable(database, to_write=False)
    store = open_metadata(database)
    of_pipeline = {MODEL: _artifacts(store, Model), PUSHED_MODEL: _artifacts(store, PushedModel)}
    found = BlessedModelStrategy().resolve_artifacts(store, of_pipeline)[MODEL]
    return serving_model_path(found[0].uri) if found else None


def _artifacts(store: MetadataStore, kind: type[Artifact]) -> list[Artifact]:
    artifacts = store.get_artifacts_by_type(kind.TYPE_NAME)
    (artifact_type,) = store.get_artifact_types_by_id([artifacts[0].type_id]) if artifacts else (None,)
    return [deserialize_artifact(artifact_type, artifact) for artifact in artifacts]
