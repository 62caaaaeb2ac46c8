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
        mend: how to get what lacks; empty where nothing does.
    """

    name: str
    status: Literal["ok", "missing", "note"]
    detail: str
    mend: str = ""

    def line(self) -> str:
        """The finding as `visage doctor` and `visage check` print it."""
        return f"{self.status:<8}{self.name:<12}{self.detail}{f'  → {self.mend}' if self.mend else ''}"
