"""Stands in the loader's process for a model that ends it: `python -m … SAVED_MODEL CALLS REPLIES`.

How it ends, the environment's `ENDS_BADLY` says.
"""

import os
import signal
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    how = os.environ["ENDS_BADLY"]
    if how == "crash":
        # What a bad memory access in TensorFlow's library raises; without a core file beside it.
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
