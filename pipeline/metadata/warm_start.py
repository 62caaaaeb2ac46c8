"""Finds the model that a training with `weights: blessed` will start from."""

from tfx.types import Artifact
from tfx.types.artifact_utils import deserialize_artifact
from tfx.types.standard_artifacts import Model, PushedModel
from tfx.utils.path_utils import serving_model_path

from components.resolvers.blessed_model_strategy import MODEL, PUSHED_MODEL, BlessedModelStrategy
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.reader import PipelineMetadata


def warm_start_model(config: PipelineConfig) -> str | None:
    """Returns the folder of the SavedModel that WarmStartModelResolver will find; None: it will find none.

    Raises:
        VisageError: the pipeline's metadata is damaged.
    """
    if config.trainer.weights != "blessed":
        return None
    metadata = PipelineMetadata.of(config)
    if metadata.store is None:
        return None
    of_pipeline = {MODEL: _artifacts(metadata, Model), PUSHED_MODEL: _artifacts(metadata, PushedModel)}
    found = BlessedModelStrategy().resolve_artifacts(metadata.store, of_pipeline)[MODEL]
    return serving_model_path(found[0].uri) if found else None


def _artifacts(metadata: PipelineMetadata, kind: type[Artifact]) -> list[Artifact]:
    artifacts = metadata.artifact_protos(kind.TYPE_NAME)
    if metadata.store is None or not artifacts:
        return []
    (artifact_type,) = metadata.store.get_artifact_types_by_id([artifacts[0].type_id])
    return [deserialize_artifact(artifact_type, artifact) for artifact in artifacts]
