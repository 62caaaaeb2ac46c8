"""`visage predict` as a user types it: what goes where, and what is refused before any work."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.visage import visage
from tests.serving.conftest import RunningServer


@pytest.fixture(scope="session")
def portrait(portraits: Path) -> Path:
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0]


def test_predictions_go_to_standard_output_and_problems_to_standard_error(
    portrait: Path, shared_server: RunningServer
) -> None:
    ended = visage("predict", "nowhere.jpg", portrait, "--server", shared_server.url)
    assert ended.returncode == 1
    assert ended.stdout.startswith(f"{portrait}: ")
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == "visage: nowhere.jpg: the file cannot be read: No such file or directory\n"


def test_json_is_one_document_of_predictions_and_problems(portrait: Path, shared_server: RunningServer) -> None:
    ended = visage("predict", "nowhere.jpg", portrait, "--server", shared_server.url, "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    bad, good = json.loads(ended.stdout)
    assert (bad["problem"], good["problem"]) == ("the file cannot be read: No such file or directory", None)


def test_a_picture_that_cannot_be_written_does_not_cost_the_prediction(
    portrait: Path, shared_server: RunningServer, tmp_path: Path
) -> None:
    # Its name is as long as names may be: the half-written file's is longer.
    out = tmp_path / f"{'x' * 251}.png"
    ended = visage("predict", portrait, "--server", shared_server.url, "--out", out)
    assert ended.returncode == 1
    assert ended.stdout.startswith(f"{portrait}: ")
    assert ended.stderr == f"visage: {out}: File name too long; name another file\n"


def test_a_picture_in_no_folder_is_refused_before_the_model_is_looked_for(portrait: Path, tmp_path: Path) -> None:
    ended = visage("predict", portrait, "--model", tmp_path, "--out", tmp_path / "nowhere" / "out.png")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no such folder" in ended.stderr
    assert ended.stderr.count("\n") == 1
