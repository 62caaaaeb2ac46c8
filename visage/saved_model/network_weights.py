"""Reads the weights of the network in a SavedModel that `visage.saved_model.export` wrote."""

from __future__ import annotations

from pathlib import Path

import keras

from visage.folder_alias import folder_alias


def read_network_weights(network: keras.Model, saved_model: str | Path) -> None:
    """Sets all weights of a network of the same kind.

    Args:
        network: built.
        saved_model: folder.

    Raises:
        AssertionError, ValueError: the weights belong to other layers.
        IndexError, RuntimeError, tf.errors.OpError: the files are missing or damaged.
    """
    import tensorflow as tf

    with folder_alias(saved_model) as folder:
        checkpoint = f"{folder}/variables/variables"
        reader = tf.train.load_checkpoint(checkpoint)
        # The names in `signatures.FaceModel`.
        count = sum(key.startswith("_weights/") for key in reader.get_variable_to_shape_map())
        if count:
            keys = (f"_weights/{index}/.ATTRIBUTES/VARIABLE_VALUE" for index in range(count))
            network.set_weights([reader.get_tensor(key) for key in keys])
        else:  # Models of older versions track the network itself.
            status = tf.train.Checkpoint(_network=network).read(checkpoint)
            status.assert_existing_objects_matched().expect_partial()
