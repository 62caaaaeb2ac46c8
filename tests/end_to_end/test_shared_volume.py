"""Processes on two mount points of one volume share a workspace: locks and renames hold between them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run_lock import hold_run_lock
from tests.end_to_end.visage import VISAGE
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT
from tests.helpers.second_mount import SecondMount, second_mount
from visage.saved_model.versions import version_folders

pytestmark = [pytest.mark.slow, pytest.mark.services]

PUSHES = 8
# Pushes models, and looks at all versions after each push: what is there is whole.
PUSH = """
import sys
from pathlib import Path
from visage.saved_model.pushing.push import push
from visage.saved_model.versions import version_folders

name, models, base = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
for number in range(int(sys.argv[4])):
    model = models / f"{name}-{number}"
    (model / "variables").mkdir(parents=True)
    for file in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (model / file).write_text(f"{name} {number}")
    push(model, base)
    for version in version_folders(base):
        texts = {path.read_text() for path in version.path.rglob("*") if path.is_file()}
        assert len(texts) == 1 and len(list(version.path.rglob("variables.*"))) == 2, (version, texts)
"""


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> SecondMount:
    return second_mount(tmp_path_factory.mktemp("shared"))


def started(*command: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(*processes: subprocess.Popen[str]) -> list[str]:
    """Returns the outputs of processes that succeed."""
    outputs = [process.communicate(timeout=HANG_GUARD_SECONDS) for process in processes]
    for process, (_, errors) in zip(processes, outputs, strict=True):
        assert process.returncode == 0, errors
    return [output for output, _ in outputs]


def test_pushes_from_two_mounts_wait_for_each_other_and_are_never_seen_in_part(
    volume: SecondMount, tmp_path: Path
) -> None:
    one = started(sys.executable, "-c", PUSH, "one", tmp_path, volume.here / "serving", str(PUSHES))
    other = volume.command(sys.executable, "-c", PUSH, "other", tmp_path, volume.there / "serving", str(PUSHES))
    ended(one, started(*other))
    versions = version_folders(volume.here / "serving")
    assert len(versions) == 2 * PUSHES
    texts = {(version.path / "saved_model.pb").read_text() for version in versions}
    assert texts == {f"{name} {number}" for name in ("one", "other") for number in range(PUSHES)}


def test_a_run_on_one_mount_excludes_a_run_of_the_same_pipeline_on_the_other(volume: SecondMount) -> None:
    with hold_run_lock(volume.here / "sample-portraits"):
        refused = started(*volume.command(*VISAGE, "run", "--set", f"workspace={volume.there}"))
        _, errors = refused.communicate(timeout=HANG_GUARD_SECONDS)
    assert refused.returncode == 1
    assert errors.strip().endswith(
        f"{volume.there}/sample-portraits: another run of this pipeline is active; wait for it or stop it"
    )


def test_two_pipelines_on_two_mounts_share_their_prepared_data(volume: SecondMount) -> None:
    words = [*VISAGE, "data", "prepare", "utkface", "--json", "--set", "data.sample_portraits.count=30"]
    one = [*words, "--set", f"workspace={volume.here}", "--set", "name=one"]
    other = volume.command(*words, "--set", f"workspace={volume.there}", "--set", "name=other")
    first, second = map(json.loads, ended(started(*one), started(*other)))
    assert first["records"] == second["records"] > 0
    assert Path(first["folder"]).relative_to(volume.here) == Path(second["folder"]).relative_to(volume.there)
    folders = [path for path in (volume.here / "data").rglob("*.tfrecord*") if path.is_file()]
    assert len({path.parent for path in folders}) == 1
    assert not list((volume.here / "data").rglob(".*unfinished*"))
