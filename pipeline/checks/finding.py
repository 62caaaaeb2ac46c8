"""The result of one check of the machine or of a configuration."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: of the check.
        status: 'ok'; 'missing': something will fail; 'note': good to know.
        detail: what was found.
        fix: how to get what is missing; '' where nothing is.
    """

    name: str
    status: Literal["ok", "missing", "note"]
    detail: str
    fix: str = ""

    def line(self) -> str:
        """Returns the finding as `visage doctor` and `visage check` print it."""
        return f"{self.status:<8}{self.name:<12}{self.detail}{f'  → {self.fix}' if self.fix else ''}"
