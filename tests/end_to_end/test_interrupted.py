"""Ctrl-C, kill -9, a full disk: one line, nothing half done that counts as done, and the next run goes on."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.visage import PROJECT, VISAGE, served_versions, settings, visage

pytestmark = pytest.mark.slow

LENIENT = {"data__sample_portraits__count": 150, "evaluator__age_mae_max": 100, "evaluator__gender_accuracy_min": 0}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def interrupt(words: list[str], when: str, how: signal.Signals, screen: Path) -> tuple[int, str, str]:
    """Starts `visage run WORDS` and signals all its processes once its screen or log shows `when`."""
    with screen.open("w") as out:
        process = subprocess.Popen(
            [*VISAGE, "run", *words],
            cwd=PROJECT,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Tests that were started in the background inherit a Ctrl-C that is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    deadline = time.monotonic() + 300
    while when not in screen.read_text():
        assert process.poll() is None, f"ended before {when!r}: {screen.read_text()}"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, how)
    _, errors = process.communicate(timeout=120)
    return process.returncode, screen.read_text(), errors


def test_ctrl_c_while_faces_are_drawn_is_one_line(workspace: Path, tmp_path: Path) -> None:
    code, _, errors = interrupt(settings(workspace, **LENIENT), "draw portraits", signal.SIGINT, tmp_path / "screen")
    assert code == 130
    assert errors == "visage: interrupted; the same command goes on from the last finished stage\n"
    assert served_versions(workspace) == []


def test_kill_9_while_training_costs_the_training_alone(workspace: Path, tmp_path: Path) -> None:
    long = settings(workspace, **LENIENT, trainer__epochs=500)
    code, _, _ = interrupt(long, "Trainer: train", signal.SIGKILL, tmp_path / "screen")
    assert code == -signal.SIGKILL
    assert served_versions(workspace) == []

    again = visage("run", *settings(workspace, **LENIENT, trainer__epochs=1))

    assert again.returncode == 0, again.stdout + again.stderr
    assert re.search(r"FaceExampleGen +cached", again.stdout)
    assert len(served_versions(workspace)) == 1


FULL_DISK = """
mount -t tmpfs -o size=2m none "$1"
mkdir "$1/sample-portraits"
[ "$2" = filled ] && head -c 3m /dev/zero >"$1/filler" 2>/dev/null || true
shift 2
exec "$@"
"""


@pytest.mark.parametrize("state", ["filled", "nearly full"])
def test_a_full_disk_is_one_line(tmp_path: Path, state: str) -> None:
    in_own_mounts = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*in_own_mounts, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let its users mount a small disk")
    command = [*VISAGE, "run", *settings(tmp_path, **LENIENT)]
    ended = subprocess.run(
        [*in_own_mounts, "bash", "-ec", FULL_DISK, "bash", str(tmp_path), state, *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 1, ended.stdout
    assert len(ended.stderr.splitlines()) == 1
    assert "No space left on device" in ended.stderr
