"""Loads a SavedModel, whatever the name of its folder."""

from pathlib import Path
from typing import Any

from visage.folder_alias import folder_alias
from visage.saved_model.last_use import mark_use


def load_saved_model(folder: str | Path) -> Any:
    """Loads the graph of a SavedModel that TensorFlow Serving loads, by its tag.

    TensorFlow looks for the variables by a pattern, so a folder such as `r[1]` needs an alias. TensorFlow Serving's own
    loader does the same: it cannot serve from a folder of such a name.

    Args:
        folder: holds `saved_model.pb` and `variables`.

    Raises:
        Exception: of nearly any type, if files are missing or damaged.
    """
    import tensorflow as tf

    mark_use(folder)
    with folder_alias(folder) as alias:
        return tf.saved_model.load(alias, tags=["serve"])
