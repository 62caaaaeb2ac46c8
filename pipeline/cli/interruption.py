"""Ends the process after Ctrl-C or SIGTERM, whatever it is doing: in order where that takes seconds, else at once.

A signal handler can only raise an exception wherever Python happens to be. A garbage-collection callback, a `__del__`,
a callback from C or a bare `except:` drops that exception, a callback of TensorFlow or Beam makes an ordinary error of
it, and a call into C delays it. So a thread counts the seconds from the signal on, raises the exception again where it
was dropped, and ends the process where that does not help. An end at any moment is safe: what is written gets its final
name only when it is whole.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from pipeline.cli.exit_codes import INTERRUPTED, TERMINATED
from pipeline.cli.output.standard_output import OutputError

# They go on, called again, from where they were stopped.
_RESUMABLE_COMMANDS = ("run", "crossval", "node")

# Longer than `visage serve` waits for its open connections. Together less than the 10 seconds that are promised.
_ORDERLY_SECONDS = 6.0
_SECONDS_AFTER_REMINDER = 2.0
_PAUSE_AFTER_DROP_SECONDS = 0.05
_MOST_DROPS = 3
_STDERR_SECONDS = 0.5
_EXIT_CODES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
# Wakes the main thread for a second exception; cannot be mistaken for a second request of the user.
_REMINDER = signal.SIGUSR2
# What the thread reads besides the numbers of signals.
_DROPPED = 0
_SHOW_CURSOR = "\r\x1b[K\x1b[?25h"


class Interrupted(KeyboardInterrupt):
    """Raised in the main thread by Ctrl-C and SIGTERM inside `raised_in_here`."""


class _State:
    """What handler, hook and thread share; of the process, as signals are."""

    # The first signal that asked for the end.
    received: int | None = None
    # Whether the handler raises; elsewhere nothing is there to tidy up, and it ends the process.
    raises = False
    # A copy of standard error, which a command may redirect to its log.
    stderr = -1
    wake_up = -1
    ending = threading.Lock()


class _Fork(threading.local):
    """What a thread that forks had blocked before; each thread has a mask of its own."""

    held: Iterable[int] = ()


_fork = _Fork()


def handle_signals() -> None:
    """Installs the handlers, once, before anything heavy is imported. A signal that is ignored stays ignored."""
    with suppress(OSError):
        _State.stderr = os.dup(2)
    reader, _State.wake_up = os.pipe()
    os.set_blocking(_State.wake_up, False)
    # Written by C code at once, even while the main thread is in a long call.
    signal.set_wakeup_fd(_State.wake_up, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), name="interruption", daemon=True).start()
    _replace_unraisable_hook()
    for number in (*_EXIT_CODES, _REMINDER):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_restore_defaults)


@contextmanager
def raised_in_here() -> Iterator[None]:
    """Lets signals raise `Interrupted` inside the `with` block, so that it tidies up, and ends the process after it.

    The process ends so however the block is left, for the exception may have been dropped or become another one.
    """
    try:
        try:
            _State.raises = True
            yield
        finally:
            _State.raises = False
    finally:
        if _State.received is not None:
            for stream in (sys.stdout, sys.stderr):
                # Closed pipes and full disks no longer matter.
                with suppress(OSError, OutputError, ValueError):
                    stream.flush()
            _end_process(_State.received)


def check_interrupted() -> None:
    """Raises `Interrupted` where a signal has come: for places behind which a dropped one would do harm."""
    if _State.received is not None:
        raise Interrupted


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _State.ending.locked():
        return
    if _State.received is None:
        if number == _REMINDER:
            return
        _State.received = number
    if _State.raises:
        raise Interrupted
    _end_process(_State.received)


def _watch(reader: int) -> None:
    while (received := os.read(reader, 1)[0]) not in _EXIT_CODES:
        pass
    drops = 0
    for seconds in (_ORDERLY_SECONDS, _SECONDS_AFTER_REMINDER):
        end = time.monotonic() + seconds
        while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
            heard = os.read(reader, 1)[0]
            drops += heard == _DROPPED
            # Who asks a second time does not want to wait for what is tidied up.
            if heard in _EXIT_CODES or drops > _MOST_DROPS:
                _end_process(received)
            if heard == _DROPPED:
                time.sleep(_PAUSE_AFTER_DROP_SECONDS)
                _remind()
        _remind()
    _end_process(received)


def _remind() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, _REMINDER)


def _replace_unraisable_hook() -> None:
    other_hook = sys.unraisablehook

    def hear(dropped: Any) -> None:
        if isinstance(dropped.exc_value, Interrupted):
            os.write(_State.wake_up, bytes([_DROPPED]))
        else:
            other_hook(dropped)

    sys.unraisablehook = hear


def _end_process(number: int) -> NoReturn:
    """Prints the promised line and ends the process."""
    if _State.ending.acquire(blocking=False):
        _print_line()
    else:
        # The other thread prints it and ends the process.
        time.sleep(2 * _STDERR_SECONDS)
    os._exit(_EXIT_CODES[signal.Signals(number)])


def _print_line() -> None:
    hint = "; the same command goes on from the last finished stage" if _command() in _RESUMABLE_COMMANDS else ""
    start = _SHOW_CURSOR if os.isatty(_State.stderr) else ""
    with suppress(OSError, ValueError):
        # A reader that reads no more must not hold up the end.
        if select.select([], [_State.stderr], [], _STDERR_SECONDS)[1]:
            os.write(_State.stderr, f"{start}visage: interrupted{hint}\n".encode())


def _command() -> str:
    """The command on the command line, which may not have been parsed yet."""
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "")


def _hold_signals() -> None:
    """Holds signals back during a fork: one to the new child would come up in its parent, who shares the pipe."""
    _fork.held = signal.pthread_sigmask(signal.SIG_BLOCK, (*_EXIT_CODES, _REMINDER))


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _fork.held)


def _restore_defaults() -> None:
    """Lets a forked child be ended as any process is; it has no thread that would read from the pipe."""
    signal.set_wakeup_fd(-1)
    for number in (*_EXIT_CODES, _REMINDER):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _release_signals()
