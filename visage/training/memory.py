"""Frees the memory of trained networks."""

import gc

import keras


def clear_networks() -> None:
    """Frees the memory of the networks that this process has trained."""
    keras.utils.clear_session()
    gc.collect()
