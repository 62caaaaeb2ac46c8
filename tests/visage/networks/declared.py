"""Builds networks without allocating their weights, which saves half a gigabyte and seconds for the largest."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def weights_declared_only() -> Iterator[None]:
    """Makes networks built in the `with` block have shapes and counts, but no values."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    # Keras keeps a list of the variables and would initialize all of them at the next call: 12 GB in these tests.
    keras.utils.clear_session(free_memory=False)
