"""The script beside a server with a bucket shows it whole versions only."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT

pytestmark = pytest.mark.one_stack

SCRIPT = PROJECT / "serving" / "tf_serving" / "kubernetes" / "bucket" / "mirror_versions.sh"
# rclone's two commands, for local folders. Copying takes a while, so that half a copy can be seen.
RCLONE = """#!/bin/sh
case $1 in
lsf) cd "$5" 2>/dev/null && ls | grep complete$ || [ -d "$5" ] ;;
copy) mkdir -p "$3" && for file in "$2"/*; do cp "$file" "$3" && sleep 0.2; done; [ ! -e "$2/refused" ] ;;
esac
"""


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


@pytest.fixture
def models(tmp_path: Path, bucket: Path) -> Iterator[Path]:
    """The folder that the running script fills."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "rclone").write_text(RCLONE)
    (programs / "rclone").chmod(0o755)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "SOURCE": str(bucket),
        "MODELS": str(tmp_path / "models"),
        "SECONDS_BETWEEN": "0.1",
    }
    with subprocess.Popen(["sh", SCRIPT], env=environment, stderr=subprocess.DEVNULL) as process:
        yield tmp_path / "models"
        process.terminate()


def upload(bucket: Path, version: str, *files: str) -> None:
    (bucket / version).mkdir()
    for file in files:
        (bucket / version / file).write_text(file)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def versions(models: Path) -> list[str]:
    return sorted(path.name for path in models.glob("[0-9]*"))


def test_a_version_appears_when_it_is_whole(bucket: Path, models: Path) -> None:
    upload(bucket, "7", "saved_model.pb", "visage.json")
    wait_until(models.exists)
    time.sleep(0.3)
    assert versions(models) == []
    (bucket / "7.complete").touch()
    wait_until(lambda: versions(models) == ["7"])
    assert sorted(path.name for path in (models / "7").iterdir()) == ["saved_model.pb", "visage.json"]


def test_a_version_that_cannot_be_copied_does_not_appear(bucket: Path, models: Path) -> None:
    upload(bucket, "7", "refused")
    upload(bucket, "8", "saved_model.pb")
    for version in "78":
        (bucket / f"{version}.complete").touch()
    wait_until(lambda: versions(models) == ["8"])
    (bucket / "7" / "refused").rename(bucket / "7" / "saved_model.pb")
    wait_until(lambda: versions(models) == ["7", "8"])


def test_a_version_without_its_mark_goes_away_but_never_all(bucket: Path, models: Path) -> None:
    for version in "78":
        upload(bucket, version, "saved_model.pb")
        (bucket / f"{version}.complete").touch()
    wait_until(lambda: versions(models) == ["7", "8"])
    (bucket / "8.complete").unlink()
    wait_until(lambda: versions(models) == ["7"])
    (bucket / "7.complete").unlink()
    time.sleep(0.5)
    assert versions(models) == ["7"]


def test_a_bucket_that_cannot_be_read_changes_nothing(bucket: Path, models: Path) -> None:
    upload(bucket, "7", "saved_model.pb")
    (bucket / "7.complete").touch()
    wait_until(lambda: versions(models) == ["7"])
    bucket.rename(bucket.with_name("away"))
    time.sleep(0.5)
    assert versions(models) == ["7"]
