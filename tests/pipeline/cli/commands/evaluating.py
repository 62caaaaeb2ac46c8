"""Runs `visage evaluate` in this process."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, the words that it printed on the screen, and its warnings and errors."""

    code: int
    text: str
    error: str


def evaluate(capfd: pytest.CaptureFixture[str], *words: str | Path) -> Ended:
    """Runs `visage evaluate WORDS`; the figures are written to the real screen, past click."""
    capfd.readouterr()
    ended = CliRunner().invoke(main, ["evaluate", *map(str, words)])
    return Ended(ended.exit_code, " ".join(capfd.readouterr().out.split()), ended.output)
