"""Runs TensorFlow Serving's own loader in a separate process, so that its crash does not end the pipeline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from visage.saved_model.cpp_loader.calls import Call, Replies, calls_to_json, replies_from_json

_MODULE = "visage.saved_model.cpp_loader.loader_process"
_PROJECT = Path(__file__).resolve().parents[3]
# Seconds; a large model on a busy machine takes a minute. Only a process that hangs takes so long.
_HANGS_AFTER = 1800.0


class LoaderError(Exception):
    """Raised when the process ends without replies; the message gives the cause in one line."""


def call_in_cpp(saved_model: str, calls: Sequence[Call]) -> Replies:
    """Loads a SavedModel as tensorflow_model_server does, on the CPU, and runs calls on it.

    Args:
        saved_model: its folder.
        calls: run one after another.

    Returns:
        The result or failure of the model's loading and of each call.

    Raises:
        LoaderError: the process crashed, was killed, hung or ended without replies.
    """
    with tempfile.TemporaryDirectory(prefix="visage-model-check-") as folder:
        requested, replied = Path(folder) / "calls.json", Path(folder) / "replies.json"
        requested.write_text(calls_to_json(calls), encoding="utf-8")
        _run([_MODULE, str(Path(saved_model).absolute()), str(requested), str(replied), str(os.getpid())], folder)
        try:
            return replies_from_json(replied.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LoaderError(f"its replies cannot be read ({type(error).__name__})") from error


def _run(module: Sequence[str], folder: str) -> None:
    """Runs a module with its arguments in `folder` and waits for its end."""
    try:
        process = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_HANGS_AFTER,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LoaderError(f"its process does not end within {_HANGS_AFTER:g} seconds") from None
    except OSError as error:
        raise LoaderError(f"its process cannot be started: {error.strerror}") from error
    if process.returncode:
        raise LoaderError(_how_it_ended(process.returncode, process.stderr))


def _environment() -> dict[str, str]:
    paths = [str(_PROJECT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        # The pipeline's own process may hold all memory of the GPUs.
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _how_it_ended(code: int, stderr: bytes) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        cause = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{cause}"
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return f"its process ended with exit code {code}: {lines[-1].strip() if lines else 'without a message'}"
