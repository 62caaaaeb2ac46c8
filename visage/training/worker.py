"""Takes part in a training on several machines: `python -m visage.training.worker CHECKPOINT_DIR`.

Every machine but the chief runs it, each with its own TF_CONFIG; the chief runs the pipeline.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from visage.errors import VisageError
from visage.source_digest import TRAINING_CODE, source_digest
from visage.training.devices import choose_strategy, is_chief
from visage.training.job import Job, read_job

_LOOK_EVERY_SECONDS = 1.0


def main(checkpoint_dir: Path) -> None:
    """Waits until the chief has announced its training job, and trains with it.

    Args:
        checkpoint_dir: the pipeline's folder `checkpoints`, which the chief sees under the same name.

    Raises:
        VisageError: TF_CONFIG names no cluster or makes this machine the chief, or `Job.run` fails.
    """
    job = _wait_for_job(checkpoint_dir)
    strategy = choose_strategy()
    if is_chief(strategy):
        raise VisageError("TF_CONFIG: this machine is the chief, or alone: run the pipeline here")
    own_code = replace(job, code=source_digest(*TRAINING_CODE))
    own_code.run(strategy, log_dir="")


def _wait_for_job(checkpoint_dir: Path) -> Job:
    while (job := read_job(checkpoint_dir)) is None:
        time.sleep(_LOOK_EVERY_SECONDS)
    return job


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m visage.training.worker CHECKPOINT_DIR")
    try:
        main(Path(sys.argv[1]))
    except VisageError as error:
        sys.exit(f"visage: {error}")
