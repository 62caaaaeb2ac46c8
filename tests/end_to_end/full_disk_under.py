"""`visage WORDS` on a disk that becomes full when a node begins to work: `python -m THIS PLACE FILLER WORDS...`."""

import sys
import threading
import time
from pathlib import Path
from typing import Any

from tfx.orchestration.portable import python_executor_operator

from components.face_example_gen import account
from pipeline.__main__ import main

_CHUNK = bytes(2**16)


def fill(filler: Path) -> None:
    """Writes until nothing more fits, to the byte."""
    chunk = _CHUNK
    with filler.open("ab", buffering=0) as file:
        while chunk:
            try:
                file.write(chunk)
            except OSError:
                chunk = chunk[: len(chunk) // 2]


def keep_full(filler: Path) -> None:
    """Takes again whatever space becomes free."""
    while True:
        fill(filler)
        time.sleep(0.05)


def fill_under(place: str, filler: Path) -> None:
    """Makes the executor of a node begin on a full disk; "Beam": FaceExampleGen, after it has drawn and prepared."""
    owner, name = (account, "run_beam") if place == "Beam" else (python_executor_operator, "run_with_executor")
    begin = getattr(owner, name)

    def begin_on_full_disk(*args: Any) -> Any:
        if place in ("Beam", getattr(args[0], "pipeline_node", None) and args[0].pipeline_node.node_info.id):
            fill(filler)
            threading.Thread(target=keep_full, args=[filler], daemon=True).start()
        return begin(*args)

    setattr(owner, name, begin_on_full_disk)


if __name__ == "__main__":
    place, filler, *words = sys.argv[1:]
    fill_under(place, Path(filler))
    sys.argv = [sys.argv[0], *words]
    main()
