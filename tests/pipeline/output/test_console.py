"""Our output goes to the screen, that of frameworks to the log."""

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.table import Table

from pipeline.output.console import Reporter
from visage import progress

NOISE = """
import os, subprocess, sys
from pathlib import Path
from pipeline.output.console import framework_output_to
try:
    with framework_output_to(Path(sys.argv[1])) as stream:
        print("from Python")
        os.write(2, b"from C++\\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        stream.write("for the user\\n")
        raise RuntimeError
except RuntimeError:
    print("afterwards")
"""


def test_all_output_of_frameworks_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    shown = subprocess.run([sys.executable, "-c", NOISE, str(log)], check=True, capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == ("for the user\nafterwards\n", "")
    assert all(words in log.read_text() for words in ("from Python", "from C++", "from a child"))


LOGGED = """
import logging, sys
from pathlib import Path
from pipeline.output.console import framework_output_to, loggers_on_screen
with loggers_on_screen("serving"), framework_output_to(Path(sys.argv[1])):
    logging.getLogger("serving.server").error("for the user")
    logging.getLogger("tensorflow").error("for the log")
"""


def test_our_loggers_reach_the_screen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    shown = subprocess.run([sys.executable, "-c", LOGGED, str(log)], check=True, capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == ("", "visage: for the user\n")
    assert "for the log" in log.read_text()


def test_uncounted_steps_show_no_number() -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("FaceExampleGen"):
        progress.report("prepare utkface", 0)
    assert stream.getvalue() == "  FaceExampleGen: prepare utkface\n"


def test_without_a_terminal_progress_is_a_line_every_15_seconds() -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("FaceExampleGen"):
        for done in range(1000):
            progress.report("align faces", done, 1000, "3 dropped")

    assert stream.getvalue() == "  FaceExampleGen: align faces 0 of 1,000, 3 dropped\n"


@pytest.mark.parametrize(("step_seconds", "pace"), [(0.5, "2/s, 7:39 left"), (5, "12/min, 76:35 left")])
def test_the_rate_is_measured_from_the_first_unit_on(
    monkeypatch: pytest.MonkeyPatch, step_seconds: float, pace: str
) -> None:
    # The first step is compiled before.
    clock = iter([100.0, 120.0, 120.0 + 80 * step_seconds])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with Reporter(stream).stage("Trainer"):
        for done in (5000, 5001, 5081):
            progress.report("train", done, 6000, "loss 1.23")
    assert stream.getvalue().splitlines() == [
        "  Trainer: train 5,000 of 6,000, loss 1.23",
        "  Trainer: train 5,001 of 6,000, loss 1.23",
        f"  Trainer: train 5,081 of 6,000, {pace}, loss 1.23",
    ]


class Terminal(io.StringIO):
    """Replaces a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_the_next_fold_starts_over(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    with Reporter(stream).stage("Trainer"):
        for done in (0, 50, 100, 0, 10, 20):
            progress.report("train [1]", done, 100)
            seconds[0] += 20
    shown = stream.getvalue()
    assert "train [1]" in shown
    assert "/h" not in shown
    assert " -" not in shown


def test_json_output_shows_no_progress() -> None:
    stream = io.StringIO()
    reporter = Reporter(stream, silent=True)
    with reporter.stage("Trainer"):
        progress.report("epoch 1 of 2", 1, 2)
    reporter.print("done")
    assert stream.getvalue() == ""


def test_reports_after_a_stage_are_ignored() -> None:
    stream = io.StringIO()
    with Reporter(stream).stage("Trainer"):
        pass
    progress.report("epoch 1 of 2", 1, 2)
    assert stream.getvalue() == ""


def test_the_lines_of_a_table_have_no_trailing_blanks() -> None:
    stream = io.StringIO()
    table = Table("", "a wide heading", box=None, pad_edge=False)
    table.add_row("first", "1")
    table.add_row("second", "")
    Reporter(stream).print(table)
    assert stream.getvalue() == "        a wide heading\nfirst   1\nsecond\n"
