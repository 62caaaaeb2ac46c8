"""Ends worker processes with the process that started them."""

import os
import signal
import threading
import time
from collections.abc import Callable

_LOOK_EVERY_SECONDS = 1.0


def end_with_parent(parent: int, is_needed: Callable[[], bool] = lambda: True) -> None:
    """Ends this process when its parent is gone, however the parent ended; call it first in a worker process.

    Ctrl-C is ignored: a terminal sends it to all processes of a command, and the parent handles it.

    Args:
        parent: process id of the parent, which must have started this process directly and not through a shell.
        is_needed: called every second; the process also ends when it returns False.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent, is_needed), daemon=True).start()


def _watch(parent: int, is_needed: Callable[[], bool]) -> None:
    # An orphan gets another parent at once.
    while os.getppid() == parent and is_needed():
        time.sleep(_LOOK_EVERY_SECONDS)
    os._exit(1)
