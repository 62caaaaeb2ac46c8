"""Finds pushed models that TensorFlow Serving cannot load: exports of an earlier VisAge. Imports nothing heavy."""

from collections.abc import Iterator
from pathlib import Path

from visage.saved_model.older_exports import is_older_export
from visage.saved_model.versions import newest_version


def unservable_versions(workspace: Path) -> Iterator[Path]:
    """Yields the newest version of each model in a workspace, if TensorFlow Serving cannot load it.

    Args:
        workspace: holds a folder for each pipeline, with `serving/MODEL/VERSION` in it.
    """
    for model in sorted(workspace.glob("*/serving/*")):
        if version := unservable_version(model):
            yield version


def unservable_version(model_base_path: Path) -> Path | None:
    """Returns the newest version of a model if TensorFlow Serving cannot load it; None: it can, or none is pushed."""
    newest = newest_version(model_base_path)
    return newest.path if newest and is_older_export(newest.path) else None
