"""Worker processes that do not outlive the process that started them."""

import multiprocessing
import os
import signal
import threading


def end_with_parent() -> None:
    """Ends this process of `multiprocessing` when its parent is gone, however the parent ended; ignores Ctrl-C.

    The parent handles Ctrl-C and ends its pool; after a `kill -9` of the parent nobody else would end this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
