"""Measures what a piece of work used: time, CPU time, memory, disk. Linux counts memory by process."""

import json
import os
import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# Linux then takes the present size for the peak of this process.
_RESET_PEAK = "5"


@dataclass(frozen=True)
class ResourceUse:
    """What a piece of work used; None: not known.

    Attributes:
        seconds: wall time.
        cpu_seconds: CPU time of the process and of the child processes that ended meanwhile.
        memory_bytes: peak of the resident memory of the process.
        child_memory_bytes: that of the largest child process; None also if this process or an earlier child is larger.
        output_bytes: size of the files that it wrote as its result.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int | None = None
    child_memory_bytes: int | None = None
    output_bytes: int | None = None

    def to_text(self) -> str:
        """Returns the values as JSON on one line, without those that are not known."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def from_text(cls, text: str) -> "ResourceUse | None":
        """Returns the values of `to_text`, also of a later version; None: it is no such text."""
        with suppress(ValueError, TypeError, AttributeError):
            known = {one.name for one in fields(cls)}
            return cls(**{name: value for name, value in json.loads(text).items() if name in known})
        return None


class ResourceMeter:
    """Measures from its construction on, for work that one process does alone."""

    def __init__(self) -> None:
        """Starts the measurement."""
        self._start, self._cpu = time.monotonic(), _cpu_seconds()
        self._child = _largest_child()
        self._is_reset = _reset_peak()
        self._peak = _peak_memory()

    def read(self, outputs: Iterable[Path] = ()) -> ResourceUse:
        """Returns what was used so far.

        Args:
            outputs: files and folders that the work wrote.
        """
        peak, child = _peak_memory(), _largest_child()
        # Without the reset, only a new peak is known to be of this work.
        is_own = peak is not None and (self._is_reset or self._peak is None or peak > self._peak)
        return ResourceUse(
            seconds=round(time.monotonic() - self._start, 3),
            cpu_seconds=round(_cpu_seconds() - self._cpu, 3),
            memory_bytes=peak if is_own else None,
            # Linux counts a child's memory from the fork on, where it has that of this process.
            child_memory_bytes=child if peak is not None and child > max(self._child, peak) else None,
            output_bytes=sum(map(_size, outputs)),
        )


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _largest_child() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _reset_peak() -> bool:
    """Resets the peak of the memory; returns whether the system does that."""
    try:
        _RESET.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True


def _peak_memory() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def _size(path: Path) -> int:
    total = 0
    # A file may go while its folder is listed.
    with suppress(OSError):
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and not file.is_symlink():
                total += file.stat().st_size
    return total
