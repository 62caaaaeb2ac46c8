"""Determines how much memory a process may use, which in a container is less than the machine has."""

import os
from pathlib import Path

# Control groups version 2 have the first file, version 1 the second; without a limit there is neither.
_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def memory_limit(control_group: Path = Path("/sys/fs/cgroup")) -> int:
    """Returns the memory in bytes: the machine's, or the container's limit if it is lower.

    Args:
        control_group: the folder where a container sees its own limits.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in _LIMITS:
        file = control_group / name
        text = file.read_text().strip() if file.is_file() else ""
        # Without a limit, version 2 has "max", and version 1 a number above any memory.
        if text.isdecimal():
            limits.append(int(text))
    return min(limits)
