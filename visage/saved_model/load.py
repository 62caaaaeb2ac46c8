"""The one way in which a SavedModel is loaded, whatever the name of its folder."""

from pathlib import Path
from typing import Any

from visage.folder_alias import folder_alias


def load_saved_model(folder: str | Path) -> Any:
    """Loads a SavedModel with the tag that TensorFlow Serving loads.

    TensorFlow looks for the variables by a pattern, so a folder such as `r[1]` needs an alias. TensorFlow Serving's own
    loader does the same: it cannot serve from a folder of such a name.

    Args:
        folder: holds `saved_model.pb` and `variables`.

    Raises:
        Exception: nearly any, where files are missing or damaged.
    """
    import tensorflow as tf

    with folder_alias(folder) as alias:
        return tf.saved_model.load(alias, tags=["serve"])
