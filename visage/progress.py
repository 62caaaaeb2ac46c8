"""Passes the progress of long work from the code that does it to the code that shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int | None, str], None]
# The arguments of a listener: step, done, total, note.
Report = tuple[str, int, int | None, str]

_listeners: list[Listener] = []


def report(step: str, done: int, total: int | None = None, note: str = "") -> None:
    """Reports the progress of `step` to every listener.

    Args:
        step: what is being done, in the user's words ("draw portraits", "align faces", "epoch 3 of 8").
        done: units finished so far (records, batches); 0 of an unknown total where nothing is counted.
        total: units in all; None where unknown.
        note: a short remark after the figures ("loss 3.21").
    """
    for listener in _listeners:
        listener(step, done, total, note)


@contextmanager
def reworded(reword: Callable[[str, int, int | None, str], Report]) -> Iterator[None]:
    """Passes every `report` made inside the `with` block, from any thread, through `reword` to the listeners."""
    listeners = list(_listeners)

    def forward(step: str, done: int, total: int | None, note: str) -> None:
        for listener in listeners:
            listener(*reword(step, done, total, note))

    _listeners[:] = [forward]
    try:
        yield
    finally:
        _listeners[:] = listeners


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Sends every `report` made inside the `with` block, from any thread, to `listener`."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
