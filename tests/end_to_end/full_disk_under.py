"""Runs `visage WORDS` on a disk that becomes full when a node starts: `python -m THIS PLACE FILLER WORDS...`."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tfx.orchestration.portable import python_executor_operator

from components.face_example_gen import reconcile
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
    """Fills any space that becomes free."""
    while True:
        fill(filler)
        time.sleep(0.05)


def fill_under(place: str, filler: Path) -> None:
    """Makes a node's executor start on a full disk; "Beam": FaceExampleGen, after it has drawn and prepared."""
    if place == "Beam":
        fill_before(reconcile, "run_beam", filler, lambda *_: True)
    else:
        fill_before(
            python_executor_operator,
            "run_with_executor",
            filler,
            lambda execution, _: execution.pipeline_node.node_info.id == place,
        )


def fill_before(module: ModuleType, name: str, filler: Path, is_meant: Callable[..., bool]) -> None:
    """Replaces a function of a module by one that fills the disk first if the call is meant."""
    function = getattr(module, name)

    def on_full_disk(*args: Any) -> Any:
        if is_meant(*args):
            fill(filler)
            threading.Thread(target=keep_full, args=[filler], daemon=True).start()
        return function(*args)

    setattr(module, name, on_full_disk)


if __name__ == "__main__":
    place, filler, *words = sys.argv[1:]
    fill_under(place, Path(filler))
    sys.argv = [sys.argv[0], *words]
    main()
