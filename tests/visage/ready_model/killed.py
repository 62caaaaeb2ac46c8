"""Stands for an export in a process that the system kills."""

import os


def export(*_: object) -> None:
    """Ends the process."""
    os._exit(9)
