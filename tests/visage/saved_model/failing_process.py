"""Replaces the loader's process by one that fails: `python -m … SAVED_MODEL CALLS REPLIES`.

The environment variable `FAILURE` names the way in which it fails.
"""

import os
import signal
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    how = os.environ["FAILURE"]
    if how == "crash":
        # The signal of a bad memory access in TensorFlow's library, without a core file.
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "hang":
        time.sleep(3600)
    elif how == "error":
        sys.exit("cannot do it")
    elif how == "half a reply":
        Path(sys.argv[3]).write_text('{"load_failure": nu')
