"""Where a pushed model comes from."""

from pathlib import Path

from components.errors import VisageError
from components.lineage import inputs_of_producers
from components.pusher.push import newest_version
from pipeline.metadata_file import check_undamaged
from pipeline.newest_data import open_metadata


def version_of(model: Path) -> Path:
    """The SavedModel itself, or the newest version below the folder that TensorFlow Serving watches.

    Raises:
        VisageError: there is none.
    """
    version = model.resolve()
    if not (version / "saved_model.pb").is_file():
        version /= str(newest_version(version))
    if not (version / "saved_model.pb").is_file():
        raise VisageError(
            f"--model {model}: no SavedModel and no folder of versions; name e.g. runs/visage/serving/visage"
        )
    return version


def examples_of(version: Path) -> Path:
    """The folder of examples that a pushed version was trained on, as the run's ML Metadata has it.

    Raises:
        VisageError: nothing is known of it, or the examples are gone.
    """
    database = version.parents[2] / "metadata.sqlite"
    check_undamaged(database)
    examples = _examples(database, version.name) if database.is_file() and database.stat().st_size else []
    if not examples:
        raise VisageError(f"{version}: {database} does not say what it was trained on; name it: --examples DIR")
    if not examples[-1].is_dir():
        raise VisageError(f"{examples[-1]}: gone, with the test faces of {version}; run the pipeline again: visage run")
    return examples[-1]


def _examples(database: Path, version: str) -> list[Path]:
    store = open_metadata(database)
    pushed = [
        artifact.id
        for artifact in store.get_artifacts_by_type("PushedModel")
        if artifact.custom_properties["pushed_version"].string_value == version
    ]
    models = [model for inputs in inputs_of_producers(store, pushed).values() for model in inputs.get("model", [])]
    given = [made for inputs in inputs_of_producers(store, models).values() for made in inputs.get("examples", [])]
    return [Path(artifact.uri) for artifact in store.get_artifacts_by_id(sorted(set(given)))]
