"""Keeps what ML Metadata does not hold of a run: configuration, code, packages, how it ended.

`runs/NAME/runs/RUN_ID.json` is written when a run starts and completed when it ends; a killed run leaves what was known
at its start. Imports nothing heavy.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.distribution import installed_packages, own_version
from pipeline.machine.permissions import unwritable_workspace
from visage.errors import VisageError
from visage.files import write_atomically
from visage.lock import locked

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig

# Folder of a pipeline with a file for each run.
RECORDS = "runs"
_PROJECT = Path(__file__).resolve().parents[1]
_GIT_SECONDS = 5


@dataclass(frozen=True)
class RunRecord:
    """One run. None: unknown, or the run has not ended.

    Attributes:
        run_id: groups its nodes in ML Metadata.
        pipeline: its name.
        started: ISO 8601, in UTC.
        visage: version of this project.
        python: version of the interpreter.
        stack: the locked requirements that the installed TFX belongs to, e.g. 'current'.
        git_commit: of the project's folder.
        git_changed: whether files differed from that commit.
        packages: version of each installed package.
        configuration: of the whole run, with every default; None for nodes of a pipeline that an earlier version
            compiled.
        ended: ISO 8601, in UTC.
        exit_code: of `visage run`.
        error: the line on standard error.
        gates: a limit each, as the model card has them.
        seconds: wall time of each node.
        compiled: digest of the compiled pipeline that the run began with; None: `visage run`, which compiles its own.
        params: what the trigger set; `configuration` has these values.
    """

    run_id: str
    pipeline: str
    started: str
    visage: str | None = None
    python: str | None = None
    stack: str | None = None
    git_commit: str | None = None
    git_changed: bool | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] | None = None
    ended: str | None = None
    exit_code: int | None = None
    error: str | None = None
    gates: Sequence[Mapping[str, Any]] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    compiled: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


class RunRecorder:
    """Writes the record of one run."""

    def __init__(self, root: Path, record: RunRecord) -> None:
        self._root, self._record = root, record
        self._write()

    def finish(
        self,
        exit_code: int | None,
        error: str | None = None,
        gates: Sequence[Mapping[str, Any]] = (),
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        """Completes the record; a full disk does not change how the run ends."""
        self._record = replace(
            self._record,
            ended=_now(),
            exit_code=exit_code,
            error=error,
            gates=list(gates) or self._record.gates,
            seconds=seconds or self._record.seconds,
        )
        with suppress(VisageError):
            self._write()

    def _write(self) -> None:
        path = record_path(self._root, self._record.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self._record), indent=2, default=str) + "\n")


@contextmanager
def recorded_run(config: "PipelineConfig", run_id: str) -> Iterator[RunRecorder]:
    """Records a run that happens inside the `with` block, also one that fails; yields what `finish` is called of.

    Raises:
        VisageError: the record cannot be written at the start.
    """
    recorder = RunRecorder(config.root, new_record(config.name, run_id, config.model_dump(mode="json")))
    try:
        yield recorder
    except Exception as error:
        recorder.finish(1, str(error).partition("\n")[0])
        raise
    except BaseException:
        recorder.finish(None, "interrupted")
        raise


def record_node(
    root: Path,
    run_id: str,
    configuration: Mapping[str, Any] | None,
    compiled: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> RunRecord | None:
    """Writes the record of a run whose nodes a scheduler runs one by one, unless one of them has written it.

    Args:
        root: folder of the pipeline.
        run_id: of the run.
        configuration: as the compiled pipeline holds it, with `params`.
        compiled: digest of the compiled pipeline.
        params: what the trigger set.

    Returns:
        The record, which another node may have written; None: that of another run id has its name.

    Raises:
        VisageError: it cannot be written, or is damaged.
    """
    path = record_path(root, run_id)
    try:
        # Tasks of one run may begin at once, and all must see the pipeline of the first.
        with locked(path.with_suffix(".lock"), "record its start", remove=True):
            if not path.exists():
                RunRecorder(root, new_record(root.name, run_id, configuration, compiled, params))
            record = read_record(root, run_id)
            is_of_this = record is not None and record.compiled in (None, compiled)
            if record is not None and is_of_this and params and dict(record.params) != dict(params):
                record = replace(record, configuration=configuration, params=params)
                RunRecorder(root, record)
            return record
    except OSError as error:
        raise unwritable_workspace(path, error.strerror) from None


def new_record(
    pipeline: str,
    run_id: str,
    configuration: Mapping[str, Any] | None = None,
    compiled: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> RunRecord:
    """Returns the record of a run that starts now, in this process."""
    packages = installed_packages()
    commit, changed = _git()
    return RunRecord(
        run_id=run_id,
        pipeline=pipeline,
        started=_now(),
        visage=own_version(),
        python=platform.python_version(),
        stack=_stack(packages.get("tfx")),
        git_commit=commit,
        git_changed=changed,
        packages=dict(sorted(packages.items(), key=lambda item: item[0].lower())),
        configuration=configuration,
        compiled=compiled,
        params=params or {},
    )


def read_record(root: Path, run_id: str) -> RunRecord | None:
    """Reads the record of a run; None: it has none, as a run of an older version.

    Raises:
        VisageError: the record is damaged.
    """
    path = record_path(root, run_id)
    known = {one.name for one in fields(RunRecord)}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        record = RunRecord(**{name: value for name, value in values.items() if name in known})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise VisageError(f"{path}: damaged ({error}); remove it, ML Metadata has the rest of the run") from None
    # Run ids of schedulers may differ in characters that no file name has.
    return record if record.run_id == run_id else None


def record_path(root: Path, run_id: str) -> Path:
    """Returns where the record of a run is."""
    return root / RECORDS / f"{file_name(run_id)}.json"


def file_name(run_id: str) -> str:
    """Returns a run id as part of a file's name.

    >>> file_name("manual__2026-01-02T03:04:05+00:00")
    'manual__2026-01-02T03_04_05_00_00'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _stack(tfx: str | None) -> str | None:
    """Returns the name of the lock in requirements/ that has this version of TFX."""
    locks = sorted((_PROJECT / "requirements").glob("*.txt"))
    return next((lock.stem for lock in locks if tfx and f"\ntfx=={tfx} " in lock.read_text(encoding="utf-8")), None)


def _git() -> tuple[str | None, bool | None]:
    """Returns the commit of the code and whether files differ from it; None: unknown, without a checkout."""
    # An installed package may lie below somebody else's repository.
    if not (_PROJECT / ".git").exists():
        # Set in the container image, as `git describe --always --dirty` returns it.
        built_from, _, dirty = os.environ.get("VISAGE_GIT_COMMIT", "").partition("-")
        return built_from or None, bool(dirty) if built_from else None
    commit = _call_git("rev-parse", "HEAD")
    changes = _call_git("status", "--porcelain", "--untracked-files=no")
    return (commit or "").strip() or None, None if changes is None else bool(changes.strip())


def _call_git(*words: str) -> str | None:
    command = ["git", "-C", str(_PROJECT), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
