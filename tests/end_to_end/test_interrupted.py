"""Ctrl-C, SIGTERM, kill -9, a full disk: one line, no partial output that counts as complete, and a resumed run."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from tests.end_to_end.visage import VISAGE, served_versions, settings, visage
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.project import PROJECT

pytestmark = pytest.mark.slow

LENIENT = {"data__sample_portraits__count": 150, "evaluator__age_mae_max": 100, "evaluator__gender_accuracy_min": 0}
GOES_ON = "visage: interrupted; the same command continues from the last finished stage\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


class Moment(NamedTuple):
    """A moment of a run, known by a word on the screen, in the name of a library or in a worker's command line."""

    where: Literal["screen", "library", "worker"]
    word: str


class Run:
    """`visage run WORDS` in a session of its own, which identifies its workers."""

    def __init__(self, words: list[str], reporter: Path) -> None:
        self._reporter = reporter
        with reporter.open("w") as out:
            self._process = subprocess.Popen(
                [*VISAGE, "run", *words],
                cwd=PROJECT,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                # Tests that were started in the background inherit a Ctrl-C that is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def has_come_to(self, moment: Moment) -> bool:
        """Returns whether the word of the moment stands where it is expected."""
        texts = {
            "screen": lambda: [self._reporter.read_text()],
            "library": lambda: [Path(f"/proc/{self._process.pid}/maps").read_text()],
            "worker": lambda: self.processes().values(),
        }
        return any(moment.word in text for text in texts[moment.where]())

    def interrupt(
        self, how: signal.Signals, *when: Moment, whom: Callable[[int, int], None] = os.kill
    ) -> tuple[int, str]:
        """Signals the run once it has come to one of the moments; returns its exit code and standard error."""

        def ready() -> bool:
            assert self._process.poll() is None, f"ended before {when}: {self._reporter.read_text()}"
            return any(self.has_come_to(moment) for moment in when)

        # The Evaluator's end is some tenths of a second before the push.
        wait_until(ready, str(when), every=0.01)
        whom(self._process.pid, how)
        _, errors = self._process.communicate(timeout=HANG_GUARD_SECONDS)
        return self._process.returncode, errors

    def processes(self) -> dict[int, str]:
        """Returns the command line of each process that is left of its session."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            # Processes end while they are listed.
            with suppress(OSError):
                state, _, _, session = (folder / "stat").read_text().rpartition(") ")[2].split()[:4]
                if int(session) == self._process.pid and state != "Z":
                    found[int(folder.name)] = (folder / "cmdline").read_text(errors="replace")
        return found


def test_ctrl_c_while_faces_are_drawn_is_an_error_of_one_line(workspace: Path, tmp_path: Path) -> None:
    run = Run(settings(workspace, **LENIENT), tmp_path / "screen")
    # A terminal signals all processes of the command.
    assert run.interrupt(signal.SIGINT, Moment("screen", "draw portraits"), whom=os.killpg) == (130, GOES_ON)
    assert served_versions(workspace) == []


def test_kill_9_during_training_only_repeats_the_training(workspace: Path, tmp_path: Path) -> None:
    long = settings(workspace, **LENIENT, trainer__epochs=500)
    run = Run(long, tmp_path / "screen")
    assert run.interrupt(signal.SIGKILL, Moment("screen", "Trainer: train"), whom=os.killpg)[0] == -signal.SIGKILL
    assert served_versions(workspace) == []

    again = visage("run", *settings(workspace, **LENIENT, trainer__epochs=1))

    assert again.returncode == 0, again.stdout + again.stderr
    assert re.search(r"FaceExampleGen +cached", again.stdout)
    assert len(served_versions(workspace)) == 1


# In this order.
MOMENTS = [
    Moment("library", "multiarray_umath"),
    Moment("screen", "drawn sample portraits"),
    Moment("library", "libtensorflow_framework"),
    Moment("library", "metadata_store_extension"),
    Moment("screen", "draw portraits"),
    Moment("worker", "components.face_example_gen.engines.worker"),
    Moment("screen", "✓ FaceExampleGen"),
    Moment("screen", "✓ ExampleValidator"),
    Moment("screen", "Trainer: train"),
    Moment("screen", "✓ Trainer"),
    Moment("screen", "✓ Evaluator"),
]


def test_signals_at_many_moments_end_the_run_and_the_next_one_is_complete(tmp_path: Path) -> None:
    # Two workers, of which none may stay.
    words = settings(tmp_path, **LENIENT, trainer__epochs=1, beam__workers=2)
    for number, moment in enumerate(MOMENTS):
        run = Run(words, tmp_path / "screen")
        how, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[number % 2]
        # A loaded machine may miss a moment, such as the drawing of portraits that an earlier run has nearly drawn.
        assert run.interrupt(how, *MOMENTS[number:]) == (code, GOES_ON), moment
        assert served_versions(tmp_path) == [], moment
        wait_until(lambda run=run: not run.processes(), f"no process of the run left at {moment}")  # type: ignore[misc]

    ended = visage("run", *words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(served_versions(tmp_path)) == 1


IN_OWN_MOUNTS = ["unshare", "--mount", "--map-root-user"]

FULL_FROM_THE_START = """
mount -t tmpfs -o size=2m none "$1"
mkdir "$1/sample-portraits"
shift 2
exec "$@"
"""

FULL_UNDER_EACH_NODE_IN_TURN = """
workspace=$1 ended=$2 places=$3 python=$4
shift 6
mount -t tmpfs -o size=400m none "$workspace"
for place in $places; do
    status=0
    "$python" -W ignore -m tests.end_to_end.full_disk_under "$place" "$workspace/filler" "$@" 2>"$ended/$place" \\
        || status=$?
    echo "exit code $status" >>"$ended/$place"
    rm -f "$workspace/filler"
done
"""


def run_on_a_small_disk(script: str, disk: Path, *words: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    """Runs a small pipeline in a workspace that is a disk of its own.

    Args:
        script: mounts it, and gets it and `words` as arguments, then the command.
        disk: the empty folder on which it is mounted.
        words: further arguments of the script.
        changes: of the settings.
    """
    if subprocess.run([*IN_OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let its users mount a small disk")
    command = [*VISAGE, "run", *settings(disk, **LENIENT, **changes)]
    return subprocess.run(
        [*IN_OWN_MOUNTS, "bash", "-ec", script, "bash", str(disk), *words, *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )


def test_a_full_disk_is_found_before_anything_runs(tmp_path: Path) -> None:
    ended = run_on_a_small_disk(FULL_FROM_THE_START, tmp_path, "", beam__workers=2)
    assert (ended.returncode, ended.stdout) == (1, "")
    line = f"visage: disk: 2 MiB free in {tmp_path}/sample-portraits; a run takes at least 100 MiB; free some, or set "
    assert ended.stderr.startswith(line)
    assert len(ended.stderr.splitlines()) == 1


# CuratedSchema and the resolvers have no executor: they use ML Metadata alone, as all do.
PLACES = [
    "FaceExampleGen",
    "Beam",
    "StatisticsGen",
    "ExampleValidator",
    "Tuner",
    "Trainer",
    "InfraValidator",
    "Evaluator",
    "Pusher",
    "ModelCard",
]
WITH_WORKERS = ["FaceExampleGen", "Beam", "StatisticsGen", "Evaluator"]


@pytest.mark.parametrize(("workers", "places"), [(1, PLACES), (2, WITH_WORKERS)])
def test_a_disk_that_becomes_full_under_a_node_is_an_error_of_one_line(
    tmp_path: Path, workers: int, places: list[str]
) -> None:
    (disk := tmp_path / "disk").mkdir()
    (ended := tmp_path / "ended").mkdir()
    whole = run_on_a_small_disk(
        FULL_UNDER_EACH_NODE_IN_TURN,
        disk,
        str(ended),
        " ".join(places),
        beam__workers=workers,
        trainer__epochs=1,
        tuner__search={"trainer.learning_rate": [0.001, 0.002]},
        tuner__trials=1,
        tuner__epochs=1,
    )
    assert whole.returncode == 0, whole.stderr
    for place in places:
        *lines, status = (ended / place).read_text().splitlines()
        # The card does not wait for the push: each of the two fails.
        assert (len(lines), status) == (2 if place == "Pusher" else 1, "exit code 1"), f"{place}: {lines}"
        assert all(re.match(rf"visage: .*{disk}/.*No space left on device", line) for line in lines), lines
