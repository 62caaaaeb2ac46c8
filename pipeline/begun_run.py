"""Begins a run that a scheduler runs task by task: its record, and the compiled pipeline that all of its tasks use.

A scheduler may give a later task of a run another compiled pipeline than the first one's, because somebody has compiled
again. The first task keeps its own in the folder of the pipeline, and the others use that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.compiled import (
    compiled_file_of,
    configuration_of,
    digest_of_compiled,
    read_compiled,
    workspace_of_compiled,
    write_compiled,
)
from pipeline.machine.permissions import unwritable_workspace
from pipeline.node_params import with_params
from pipeline.run_record import record_node
from visage.errors import VisageError

FOLDER = "compiled"
"""In the folder of a pipeline."""


@dataclass(frozen=True)
class BegunRun:
    """A run that has begun.

    Attributes:
        text: its compiled pipeline, with the values that the trigger set.
        note: a line if this task was given another one; None if not.
    """

    text: str
    note: str | None = None


def begin_run(given: str, run_id: str, params: Mapping[str, Any]) -> BegunRun:
    """Records the start of a run, unless another task has; returns the compiled pipeline that it uses.

    Args:
        given: the text of the compiled pipeline that this task was given.
        run_id: of the run.
        params: what the trigger set.

    Raises:
        VisageError: the folder of the pipeline cannot be written, a value of the trigger is invalid, or the compiled
            pipeline of the run is gone or of another version of VisAge.
    """
    text = with_params(given, params)
    root, digest = workspace_of_compiled(given), digest_of_compiled(given)
    folder = root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_workspace(folder, error.strerror) from None
    write_compiled(folder, root.name, given)
    record = record_node(root, run_id, configuration_of(text), digest, params)
    if record is None or record.compiled in (None, digest):
        return BegunRun(text)
    kept = compiled_file_of(folder, root.name, record.compiled)
    if not kept.exists():
        raise VisageError(f"run {run_id}: {kept}, with which it began, was removed; start a new run")
    note = f"this run began with the compiled pipeline {record.compiled}, and goes on with it instead of {digest}"
    # This task's values differ from another compiled pipeline's, those of the first task from this one's.
    return BegunRun(with_params(read_compiled(str(kept)), record.params), note)
