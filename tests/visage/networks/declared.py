"""Networks whose weights are declared and never made: half a gigabyte and seconds less for the largest."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def weights_declared_only() -> Iterator[None]:
    """What is built inside has shapes and counts, and no values."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    # Keras keeps a list of the variables and would initialize all of them at the next call: 12 GB in these tests.
    keras.utils.clear_session(free_memory=False)
