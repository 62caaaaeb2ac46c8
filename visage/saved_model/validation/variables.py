"""Checks that the variables of a SavedModel can be read."""

from pathlib import Path

from visage.errors import VisageError
from visage.folder_alias import folder_alias


def check_readable(saved_model: Path, fix: str) -> None:
    """Reads the variables of a SavedModel, so that a damaged file is one error line and no traceback of a worker.

    Args:
        saved_model: its folder.
        fix: what to do if they cannot be read.

    Raises:
        VisageError: a file of the variables is missing, truncated or damaged.
    """
    import tensorflow as tf

    try:
        with folder_alias(saved_model) as folder:
            variables = tf.train.load_checkpoint(f"{folder}/variables/variables")
            for name in variables.get_variable_to_shape_map():
                variables.get_tensor(name)
    except Exception as error:  # TensorFlow raises nearly any exception for a damaged file.
        raise VisageError(
            f"{saved_model}/variables: missing or damaged, so the candidate cannot be compared with it; {fix}"
        ) from error
