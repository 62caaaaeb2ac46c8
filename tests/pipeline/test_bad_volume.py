"""A volume that is full or read-only: what a scheduler's task writes beside its outputs fails in one line."""

import json
import subprocess
import sys

import pytest

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

IN_OWN_MOUNTS = ["unshare", "--mount", "--map-root-user"]
SCRIPT = """
mount -t tmpfs -o size=8m,nr_inodes=400 none "$1"
exec "$3" -W ignore -m tests.pipeline.on_bad_volume "$1" "$2"
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Exit code and standard error of each case."""
    if subprocess.run([*IN_OWN_MOUNTS, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let its users mount a small disk")
    volume, elsewhere = (tmp_path_factory.mktemp(name) for name in ("volume", "elsewhere"))
    ended = subprocess.run(
        [*IN_OWN_MOUNTS, "bash", "-ec", SCRIPT, "bash", str(volume), str(elsewhere), sys.executable],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=HANG_GUARD_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("volume", ["full", "read-only"])
@pytest.mark.parametrize("place", ["compiled pipeline", "record", "another compiled pipeline", "lock", "report"])
def test_it_is_one_line_that_names_the_place(said: dict[str, tuple[int, str]], volume: str, place: str) -> None:
    if (volume, place) == ("read-only", "compiled pipeline"):
        pytest.skip("as another compiled pipeline")
    code, error = said[f"{volume}, {place}"]
    cause = "No space left on device" if volume == "full" else "Read-only file system"
    assert code == 1
    assert error.startswith("visage: ")
    assert error.count("\n") == 1, error
    assert cause in error or "is no folder that can be written" in error


def test_nothing_is_published_and_the_run_goes_on_once_there_is_space(said: dict[str, tuple[int, str]]) -> None:
    assert said["space again"] == [0, ""]
    assert said["outputs"] == [1, "artifacts/Counted/text/1"]
    assert said["full, was there"] == said["read-only, was there"] == [0, ""]
    assert said["the next node"] == [0, ""]
