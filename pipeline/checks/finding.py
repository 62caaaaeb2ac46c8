"""What a look at the machine or at a configuration has found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        status: 'ok'; 'missing': something will fail; 'note': good to know.
        detail: what was found.
        fix: how to get what lacks; empty where nothing does.
    """

    name: str
    status: Literal["ok", "missing", "note"]
    detail: str
    fix: str = ""

    def line(self) -> str:
        """The finding as `visage doctor` and `visage check` print it."""
        return f"{self.status:<8}{self.name:<12}{self.detail}{f'  → {self.fix}' if self.fix else ''}"
