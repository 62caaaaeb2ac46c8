"""A Beam worker process that does not outlive the run, even one that was ended by kill -9.

Started as `python -m components.face_example_gen.engines.worker PID FILE`, where PID is the run's process, which
removes FILE when its workers are to end.
"""

import os
import sys
from pathlib import Path

from visage.child_process import end_with_parent
from visage.lossy_output import make_standard_streams_lossy


def main() -> None:
    """Works for the run until it says that there is no more to do, or is gone; ends the process."""
    # Both lead to the log of the run.
    make_standard_streams_lossy()
    end_with_parent(int(sys.argv[1]), Path(sys.argv[2]).exists)
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
    sys.stdout.flush()
    sys.stderr.flush()
    # Beam ends its workers one after the other, and tidying up takes each of them 0.8 s.
    os._exit(0)


if __name__ == "__main__":
    main()
