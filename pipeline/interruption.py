"""Ends the process after Ctrl-C or SIGTERM: in order if that takes seconds, else at once.

A signal handler can only raise an exception wherever Python happens to be. A garbage-collection callback, a `__del__`,
a callback from C or a bare `except:` drops that exception; a callback of TensorFlow or Beam turns it into an ordinary
error; a call into C delays it. So a thread counts the seconds from the signal on, raises the exception again if it was
dropped, and ends the process if that does not help. An end at any moment is safe: a file gets its final name only when
it is whole.
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

from pipeline.exit_codes import INTERRUPTED, TERMINATED
from pipeline.output.log_lines import error_text
from pipeline.output.standard_output import OutputError

# The next call of these continues where this one stopped.
_RESUMABLE_COMMANDS = ("run", "crossval", "node")

# Longer than `visage serve` waits for its open connections. Together less than the documented 10 seconds.
_ORDERLY_SECONDS = 6.0
_SECONDS_AFTER_REMINDER = 2.0
_PAUSE_AFTER_DROP_SECONDS = 0.05
_MOST_DROPS = 3
_STDERR_SECONDS = 0.5
_EXIT_CODES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
# Wakes the main thread for a second exception; is no second request of the user.
_REMINDER = signal.SIGUSR2
# What the thread reads in addition to the numbers of signals.
_DROPPED = 0
_SHOW_CURSOR = "\r\x1b[K\x1b[?25h"


class Interrupted(KeyboardInterrupt):
    """Raised in the main thread by Ctrl-C and SIGTERM inside `interruptible`."""


class _State:
    """State that handler, hook and thread share; one per process, as signals are."""

    # The first signal.
    received: int | None = None
    # Whether the handler raises; otherwise nothing needs cleaning up, and it ends the process.
    raises = False
    # A copy of standard error, which a command may redirect to its log.
    stderr = -1
    wake_up = -1
    ending = threading.Lock()


class _Fork(threading.local):
    """The signals that a forking thread had blocked before; each thread has its own mask."""

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
def interruptible() -> Iterator[None]:
    """Lets signals raise `Interrupted` inside the `with` block, which then cleans up, and ends the process after it.

    The process ends however the block is left, because the exception may have been dropped or replaced.
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
                # Errors of closed pipes and full disks no longer matter.
                with suppress(OSError, OutputError, ValueError):
                    stream.flush()
            _end_process(_State.received)


def check_interrupted() -> None:
    """Raises `Interrupted` if a signal has arrived: for places after which a dropped exception would do harm."""
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
            event = os.read(reader, 1)[0]
            drops += event == _DROPPED
            # A second signal means: do not wait for the clean-up.
            if event in _EXIT_CODES or drops > _MOST_DROPS:
                _end_process(received)
            if event == _DROPPED:
                time.sleep(_PAUSE_AFTER_DROP_SECONDS)
                _remind()
        _remind()
    _end_process(received)


def _remind() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, _REMINDER)


def _replace_unraisable_hook() -> None:
    other_hook = sys.unraisablehook

    def on_unraisable(dropped: Any) -> None:
        if isinstance(dropped.exc_value, Interrupted):
            os.write(_State.wake_up, bytes([_DROPPED]))
        else:
            other_hook(dropped)

    sys.unraisablehook = on_unraisable


def _end_process(number: int) -> NoReturn:
    """Prints the line and ends the process."""
    if _State.ending.acquire(blocking=False):
        _print_line()
    else:
        # The other thread prints it and ends the process.
        time.sleep(2 * _STDERR_SECONDS)
    os._exit(_EXIT_CODES[signal.Signals(number)])


def _print_line() -> None:
    hint = "; the same command continues from the last finished stage" if _command() in _RESUMABLE_COMMANDS else ""
    start = _SHOW_CURSOR if os.isatty(_State.stderr) else ""
    with suppress(OSError, ValueError):
        # A reader that has stopped reading must not delay the end.
        if select.select([], [_State.stderr], [], _STDERR_SECONDS)[1]:
            os.write(_State.stderr, f"{start}{error_text(f'interrupted{hint}')}\n".encode())


def _command() -> str:
    """Returns the command of the command line, which may not have been parsed yet."""
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "")


def _hold_signals() -> None:
    """Blocks signals during a fork: one to the new child would reach the parent, because both share the pipe."""
    _fork.held = signal.pthread_sigmask(signal.SIG_BLOCK, (*_EXIT_CODES, _REMINDER))


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _fork.held)


def _restore_defaults() -> None:
    """Restores the default handlers in a forked child, which has no thread to read from the pipe."""
    signal.set_wakeup_fd(-1)
    for number in (*_EXIT_CODES, _REMINDER):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _release_signals()
