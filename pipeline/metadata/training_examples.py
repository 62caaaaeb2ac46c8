"""Finds the examples that a pushed model was trained and tested on, through ML Metadata."""

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from components.resolvers.lineage import inputs_of_producers
from pipeline.metadata.latest_examples import open_metadata
from pipeline.metadata.store import check_usable
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
    database = Path(*version.parts[:-3]) / "metadata.sqlite"
    if not database.is_file() or not database.stat().st_size:
        raise VisageError(
            f"{version}: no metadata of its run ({database}), so its training and test data are not found; "
            f"name a version in Pusher's folder ({_PUSHED_TO})"
        )
    check_usable(database, to_write=False)
    store = open_metadata(database)
    pushes = inputs_of_producers(store, [pushed.id for pushed in _pushed_as(version.name, store)])
    models = [model for inputs in pushes.values() for model in inputs.get("model", [])]
    trainings = inputs_of_producers(store, models)
    examples = [one for inputs in trainings.values() for one in inputs.get("examples", [])]
    if not examples:
        raise VisageError(f"{version}: {database} does not have its training data; run the pipeline again")
    found = Path(store.get_artifacts_by_id(examples[-1:])[0].uri)
    if not found.is_dir():
        raise VisageError(f"{found}: missing, the examples of {version}; run the pipeline again")
    return found


def _pushed_as(number: str, store: MetadataStore) -> list[metadata_store_pb2.Artifact]:
    pushes = store.get_artifacts_by_type("PushedModel")
    return [push for push in pushes if push.custom_properties["pushed_version"].string_value == number]
