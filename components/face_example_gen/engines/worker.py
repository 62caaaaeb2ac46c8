"""A Beam worker process that ends with the run, even if the run is ended by kill -9.

Started as `python -m components.face_example_gen.engines.worker PID FILE`, where PID is the process of the run, which
removes FILE to end its workers.
"""

import os
import sys
from pathlib import Path

from visage.child_process import end_with_parent
from visage.lossy_output import make_standard_streams_lossy


def main() -> None:
    """Works until the run ends or its process is gone, then ends this process."""
    # Both streams go to the log of the run.
    make_standard_streams_lossy()
    end_with_parent(int(sys.argv[1]), Path(sys.argv[2]).exists)
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
    sys.stdout.flush()
    sys.stderr.flush()
    # Beam ends its workers one after the other, and a regular exit takes 0.8 s each.
    os._exit(0)


if __name__ == "__main__":
    main()
