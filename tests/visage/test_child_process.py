"""Worker processes of a pool end when the process that started them is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.helpers.limits import wait_until

POOL = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from visage.child_process import end_with_parent
if __name__ == "__main__":
    spawned = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, spawned, initializer=end_with_parent, initargs=(os.getpid(),))
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(3600)
"""


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_worker_ignores_ctrl_c_and_ends_after_kill_9_of_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    os.kill(worker, signal.SIGINT)
    parent.kill()
    wait_until(lambda: not is_running(worker), "the worker's end")
    assert parent.wait() == -signal.SIGKILL
    parent.stdout.close()
