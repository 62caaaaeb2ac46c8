"""Local worker processes: their start, and the end of the run when one of them dies."""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from apache_beam.transforms.environments import Environment, SubprocessSDKEnvironment

from visage.errors import VisageError

# Beam's thread that waits for a worker's process. It fails when that process dies, which Beam does not report.
_BEAM_THREAD = "run_worker"
# Beam itself reports an error within this time, or never.
_SECONDS_FOR_BEAM = 3.0


def worker_processes(running: Path) -> Environment:
    """Returns an environment of processes that run while this process lives and the file `running` exists."""
    # `exec`: Beam starts and ends its workers through a shell.
    command = [sys.executable, "-m", "components.face_example_gen.engines.worker", str(os.getpid()), str(running)]
    return SubprocessSDKEnvironment.from_command_string(f"exec {shlex.join(command)}")


@contextmanager
def end_if_a_worker_dies(running: Path) -> Iterator[None]:
    """Ends the `with` block and all workers when a worker process dies; Beam would wait for it, sometimes for ever.

    Only works in the main thread; in another thread Beam waits.

    Raises:
        VisageError: a worker died.
    """
    running.touch()
    died = threading.Event()
    interrupt = threading.Timer(_SECONDS_FOR_BEAM, signal.pthread_kill, [threading.get_ident(), signal.SIGUSR1])
    in_main_thread = threading.current_thread() is threading.main_thread()
    other_hook = threading.excepthook

    def on_failure(failure: threading.ExceptHookArgs) -> None:
        if failure.thread is None or failure.thread.name != _BEAM_THREAD:
            other_hook(failure)
        elif not died.is_set():
            died.set()
            running.unlink(missing_ok=True)
            if in_main_thread:
                interrupt.start()

    def end_waiting(number: int, frame: FrameType | None) -> None:
        raise _DiedError

    other_handler = signal.signal(signal.SIGUSR1, end_waiting) if in_main_thread else None
    threading.excepthook = on_failure
    try:
        yield
    except Exception as error:
        if died.is_set():
            raise VisageError(
                "FaceExampleGen: a worker process was killed, by the system for lack of memory or by hand; nothing is "
                "published; run again, with a lower beam.workers if memory was short"
            ) from error
        raise
    finally:
        interrupt.cancel()
        threading.excepthook = other_hook
        if in_main_thread:
            signal.signal(signal.SIGUSR1, other_handler)


class _DiedError(Exception):
    """Raised in the main thread to end its wait for a dead worker."""
