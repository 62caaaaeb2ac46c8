"""Runs calls on a SavedModel through TensorFlow's C++ loader, in a process that never imports its Python package.

    python -m visage.saved_model.cpp_loader.loader_process SAVED_MODEL CALLS REPLIES PARENT

`CALLS` and `REPLIES` are files, as `calls.py` writes them. `PARENT` is the process id of the caller.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visage.child_process import end_with_parent
from visage.saved_model.cpp_loader.c_api import Session, TensorFlowError, load_library
from visage.saved_model.cpp_loader.calls import Call, Failure, Replies, calls_from_json, replies_to_json


def main(saved_model: str, calls: str, replies: str, parent: str) -> None:
    """Reads the file `calls` and writes the file `replies`; ends when the process `parent` has ended."""
    end_with_parent(int(parent))
    results = run_calls(load_library(), saved_model, calls_from_json(Path(calls).read_text(encoding="utf-8")))
    Path(replies).write_text(replies_to_json(results), encoding="utf-8")


def run_calls(library: ctypes.CDLL, saved_model: str, calls: Sequence[Call]) -> Replies:
    """Loads the model and runs each call; the calls after a failed one still run."""
    try:
        session = Session(library, saved_model)
    except TensorFlowError as error:
        return Replies(_failure(error), [])
    with session:
        return Replies(None, [_run(session, call) for call in calls])


def _run(session: Session, call: Call) -> list[np.ndarray] | Failure:
    try:
        return session.run(call.feeds, call.fetches)
    except TensorFlowError as error:
        return _failure(error)


def _failure(error: TensorFlowError) -> Failure:
    return Failure(error.name, str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
