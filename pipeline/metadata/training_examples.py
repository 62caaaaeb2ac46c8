"""Finds the examples that a pushed model was trained and tested on, through ML Metadata."""

from pathlib import Path

from pipeline.metadata.lineage import training_of, version_record
from pipeline.metadata.reader import PipelineMetadata
from visage.errors import VisageError

_PUSHED_TO = "WORKSPACE/PIPELINE/serving/NAME/NUMBER"


def trained_on(version: Path) -> Path:
    """Returns the folder of FaceExampleGen's examples in the run that trained a model.

    Args:
        version: the pushed model, `<workspace>/<pipeline>/serving/<name>/<number>`; the pipeline's folder has its
            metadata.

    Raises:
        VisageError: the metadata is missing or does not have the model, or the examples are missing.
    """
    version = version.resolve()
    if version.parent.parent.name != "serving":
        raise VisageError(
            f"{version}: not where a run pushes its models ({_PUSHED_TO}), so its training and test data are not "
            "found; name a version there"
        )
    metadata = PipelineMetadata(Path(*version.parts[:-3]))
    if metadata.store is None:
        raise VisageError(
            f"{version}: no metadata of its run ({metadata.location.name}), so its training and test data are not "
            f"found; name a version in Pusher's folder ({_PUSHED_TO})"
        )
    pushed = version_record(metadata, version.name)
    training = training_of(metadata, pushed.model) if pushed else None
    if training is None or training.examples is None:
        raise VisageError(
            f"{version}: {metadata.location.name} does not have its training data; run the pipeline again"
        )
    if not training.examples.exists:
        raise VisageError(f"{training.examples.uri}: missing, the examples of {version}; run the pipeline again")
    return training.examples.uri
