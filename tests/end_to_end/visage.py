"""The command line as a user types it, on a run small enough for a test."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

VISAGE = [sys.executable, "-m", "pipeline"]

SMALL = {
    "data.sample_portraits.count": 420,
    "data.sample_portraits.seed": 11,
    "trainer.epochs": 14,
    "trainer.batch_size": 16,
    "evaluator.age_mae_max": 16,
    "evaluator.gender_accuracy_min": 0.6,
}


def settings(workspace: Path, **changes: Any) -> list[str]:
    """Returns the `--set` options of a small run below `workspace`; `trainer__epochs=1` changes `trainer.epochs`."""
    values = {"workspace": str(workspace), **SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}
    return [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]


def visage(*words: str | Path, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Runs `visage WORDS` in the project's folder, or in `cwd`, and waits for it."""
    command = [*VISAGE, *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=HANG_GUARD_SECONDS)


def served_versions(workspace: Path, pipeline: str = "sample-portraits") -> list[str]:
    """Returns the names in the folder that TensorFlow Serving watches."""
    folder = workspace / pipeline / "serving" / "visage"
    return sorted(path.name for path in folder.glob("[0-9]*"))
