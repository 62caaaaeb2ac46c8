"""Ctrl-C and SIGTERM end a command with one line and their own exit codes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.limits import HANG_GUARD_SECONDS

pytestmark = pytest.mark.one_stack

GOES_ON = "visage: interrupted; the same command continues from the last finished stage\n"
# Replaces what a command does by the body of `work`; the rest is the real command line. `stop` sends the signal HOW.
COMMAND = """
import os, signal, sys, time
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit one that is ignored
    def at_work():
        print("at work", flush=True)
    def stop():
        # In a function of Python, so that its exception comes up inside whatever calls this one.
        if not stopped:
            stopped.append(True)
            os.kill(os.getpid(), int(os.environ["HOW"]))
            for _ in range(1000):
                pass
    stopped = []
    def work(**options):
        {work}
    from pipeline.cli.main import main as command_line
    command_line.commands[sys.argv[1]].callback = work
    from pipeline.__main__ import main
    main()
"""
WAITS = "at_work(); time.sleep(3600)"
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def start_command(work: str, command: str, how: signal.Signals) -> "subprocess.Popen[str]":
    """`visage COMMAND`, which does `work`; its `stop` sends the signal `how`."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(work=work.replace("\n", "\n        ")), *command.split()],
        env={**os.environ, "HOW": str(int(how))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start(work: str, command: str = "run") -> "subprocess.Popen[str]":
    """Starts `visage COMMAND`, which does `work`; returns once it has reported that it is at work."""
    process = start_command(work, command, signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


def end(process: "subprocess.Popen[str]", how: signal.Signals) -> tuple[int, str]:
    """Sends the signal; returns the exit code and what was written to standard error."""
    process.send_signal(how)
    _, errors = process.communicate(timeout=HANG_GUARD_SECONDS)
    return process.returncode, errors


@pytest.mark.parametrize(("how", "code"), SIGNALS)
@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("run", GOES_ON),
        ("crossval", GOES_ON),
        ("node Trainer --pipeline IR --run-id 1", GOES_ON),
        ("predict photo.jpg", "visage: interrupted\n"),
        ("doctor", "visage: interrupted\n"),
    ],
)
def test_a_stopped_command_prints_one_line(command: str, line: str, how: signal.Signals, code: int) -> None:
    assert end(start(WAITS, command), how) == (code, line)


IN_GARBAGE_COLLECTION = """
import gc
gc.callbacks.append(lambda *about: stop())
gc.collect()
time.sleep(3600)
"""
IN_GARBAGE_COLLECTION_AGAIN_AND_AGAIN = """
import gc
gc.callbacks.append(lambda *about: (stop(), [None for _ in range(1000)]))
while True:
    gc.collect()
"""
IN_A_FINALIZER = """
class Finalized:
    def __del__(self):
        stop()
Finalized()
time.sleep(3600)
"""
IN_A_WEAKREF_CALLBACK = """
import weakref
class Watched: pass
watched = Watched()
reference = weakref.ref(watched, lambda _: stop())
del watched
time.sleep(3600)
"""
IN_A_CALLBACK_FROM_C = """
import ctypes
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *pair: stop() or 0)
ctypes.CDLL(None).qsort((ctypes.c_int * 2)(), 2, 4, compare)
time.sleep(3600)
"""
AS_ANOTHER_ERROR = """
try:
    stop()
except BaseException as error:
    raise RuntimeError(f"UnknownError: {error!r}")
"""
BEFORE_A_NODE = """
from pipeline.interruption import check_interrupted
try:
    stop()
except:
    pass
check_interrupted()
os.write(2, b"pushed")
"""
AT_THE_EXIT_OF_THE_INTERPRETER = """
import atexit
atexit.register(time.sleep, 3600)
atexit.register(stop)
"""
IN_A_BARE_EXCEPT = """
try:
    stop()
except:
    pass
time.sleep(3600)
"""
IN_A_CALL_THAT_SIGNALS_DO_NOT_END = """
import ctypes
ctypes.CDLL(None).system(b'exec >/dev/null 2>&1; kill -"$HOW" $PPID; while kill -0 $PPID; do sleep 1; done')
time.sleep(3600)
"""
WHILE_TIDYING_UP = """
try:
    stop()
finally:
    at_work()
    time.sleep(3600)
"""


def ended(work: str, how: signal.Signals) -> tuple[int, str]:
    """Runs `visage run`, which does `work`; returns the exit code and what was written to standard error."""
    process = start_command(work, "run", how)
    _, errors = process.communicate(timeout=HANG_GUARD_SECONDS)
    return process.returncode, errors


@pytest.mark.parametrize(("how", "code"), SIGNALS)
@pytest.mark.parametrize(
    "work",
    [
        IN_GARBAGE_COLLECTION,
        IN_GARBAGE_COLLECTION_AGAIN_AND_AGAIN,
        IN_A_FINALIZER,
        IN_A_WEAKREF_CALLBACK,
        IN_A_CALLBACK_FROM_C,
        AS_ANOTHER_ERROR,
        BEFORE_A_NODE,
        AT_THE_EXIT_OF_THE_INTERPRETER,
    ],
)
def test_a_command_ends_even_if_the_exception_is_dropped(work: str, how: signal.Signals, code: int) -> None:
    assert ended(work, how) == (code, GOES_ON)


def test_a_command_ends_even_if_the_drop_is_not_reported() -> None:
    # Together, for each waits some seconds.
    works = IN_A_BARE_EXCEPT, IN_A_CALL_THAT_SIGNALS_DO_NOT_END, WHILE_TIDYING_UP
    processes = [start_command(work, "run", signal.SIGTERM) for work in works]
    errors = [process.communicate(timeout=HANG_GUARD_SECONDS)[1] for process in processes]
    assert [process.returncode for process in processes] == [143] * 3
    assert errors == [GOES_ON] * 3


def test_a_second_signal_skips_the_clean_up() -> None:
    assert end(start(WHILE_TIDYING_UP), signal.SIGTERM) == (143, GOES_ON)


def test_the_line_reaches_the_screen_despite_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    to_log = f"os.dup2(os.open({str(log)!r}, os.O_CREAT | os.O_WRONLY), 2)\n"
    assert ended(to_log + IN_GARBAGE_COLLECTION, signal.SIGTERM) == (143, GOES_ON)
    assert log.read_text() == ""


FILLS_STANDARD_ERROR = """
import os
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"." * 4096)
except BlockingIOError:
    pass
"""


def test_a_stalled_reader_of_standard_error_does_not_delay_the_end() -> None:
    process = start(f"{FILLS_STANDARD_ERROR}{WAITS}")
    process.send_signal(signal.SIGTERM)
    assert process.wait(HANG_GUARD_SECONDS) == 143
    process.communicate()


# Signals each child at once, which may not have run a line of its own by then.
FORKS = """
import os, signal, time, warnings
# Python 3.12 and newer warn of a fork beside threads.
warnings.simplefilter("ignore", DeprecationWarning)
for _ in range(20):
    child = os.fork()
    if not child:
        time.sleep(3600)
    os.kill(child, signal.SIGTERM)
    assert os.waitpid(child, 0)[1] == signal.SIGTERM
"""


def test_a_signal_to_a_forked_child_does_not_end_its_parent() -> None:
    process = start(f"{FORKS}{WAITS}")
    assert end(process, signal.SIGINT) == (130, GOES_ON)


def test_ctrl_c_that_was_ignored_at_the_start_stays_ignored() -> None:
    ignored = "import os\nos.kill(os.getpid(), signal.SIGINT)\nat_work()"
    code = COMMAND.format(work=ignored.replace("\n", "\n        ")).replace("default_int_handler", "SIG_IGN")
    process = subprocess.run([sys.executable, "-c", code, "run"], capture_output=True, text=True)
    assert (process.returncode, process.stdout, process.stderr) == (0, "at work\n", "")


WAITS_AT_THE_IMPORT_OF_THE_COMMAND_LINE = """
import signal, sys, time
class Waits:
    @staticmethod
    def find_spec(name, *where):
        if name == "pipeline.cli.main":
            print("at work", flush=True)
            time.sleep(3600)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Waits)
from pipeline.__main__ import main
main()
"""


@pytest.mark.parametrize(("how", "code"), SIGNALS)
def test_a_signal_during_start_up_prints_one_line(how: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS_AT_THE_IMPORT_OF_THE_COMMAND_LINE, "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    assert end(process, how) == (code, GOES_ON)
