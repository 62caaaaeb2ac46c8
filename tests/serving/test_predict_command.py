"""`visage predict` as a user runs it: its outputs, and its refusals before any work."""

import json
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.visage import visage
from tests.helpers.project import PROJECT
from tests.serving.conftest import RunningServer, mark_as_trained_on_drawings

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="session")
def portrait(portraits: Path) -> Path:
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0]


def test_predictions_go_to_standard_output_and_problems_to_standard_error(
    portrait: Path, shared_server: RunningServer
) -> None:
    ended = visage("predict", "nowhere.jpg", portrait, "--server", shared_server.url)
    assert ended.returncode == 1
    model, face = ended.stdout.splitlines()
    assert model == "model: visage, pipeline unknown, version 3, trained on unknown"
    assert face.startswith(f"{portrait}: ")
    assert ended.stderr == "visage: nowhere.jpg: the file cannot be read: No such file or directory\n"


def test_json_is_one_document_of_predictions_and_problems(portrait: Path, shared_server: RunningServer) -> None:
    ended = visage("predict", "nowhere.jpg", portrait, "--server", shared_server.url, "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    bad, good = json.loads(ended.stdout)
    assert good["model"]["version"] == "3"
    assert good["model"]["config"] is None
    assert (bad["problem"], good["problem"]) == ("the file cannot be read: No such file or directory", None)


def test_an_image_that_cannot_be_written_does_not_lose_the_prediction(
    portrait: Path, shared_server: RunningServer, tmp_path: Path
) -> None:
    # Its name is as long as names may be: the half-written file's is longer.
    out = tmp_path / f"{'x' * 251}.png"
    ended = visage("predict", portrait, "--server", shared_server.url, "--out", out)
    assert ended.returncode == 1
    assert f"\n{portrait}: " in ended.stdout
    assert ended.stderr == f"visage: {out}: File name too long; name another file\n"


def test_an_image_in_a_missing_folder_is_refused_before_the_model_is_searched(portrait: Path, tmp_path: Path) -> None:
    ended = visage("predict", portrait, "--model", tmp_path, "--out", tmp_path / "nowhere" / "out.png")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.fixture
def pushed(tmp_path: Path, saved_model: Path) -> Path:
    """A folder with a configuration whose pipeline pushed a model that was trained on drawn portraits."""
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "runs" / "faces" / "serving" / "visage" / "17"))
    (tmp_path / "faces.yaml").write_text(f"extends: {PROJECT / 'pipeline_config.yaml'}\nname: faces\n")
    return tmp_path


def test_the_model_of_a_labelled_folder_is_found_without_the_folder(portrait: Path, pushed: Path) -> None:
    (pushed / "mine.yaml").write_text("extends: faces.yaml\ndata: {sources: [labelled_folder/mine]}\n")
    ended = visage("predict", portrait, "--config", "mine.yaml", cwd=pushed)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "model: visage, pipeline faces, version 17" in ended.stdout


def test_a_model_of_drawn_portraits_is_marked_before_any_figure(portrait: Path, pushed: Path) -> None:
    ended = visage("predict", portrait, "--config", "faces.yaml", cwd=pushed)
    warning, model, face = ended.stdout.splitlines()
    assert warning.startswith("warning: trained on drawn portraits, not on photos of people")
    assert model == (
        "model: visage, pipeline faces, version 17, training 8, trained on drawn portraits: utkface (1,265 faces)"
    )
    assert face.startswith(f"{portrait}: ")
    assert ended.stderr == ""


def test_without_a_model_the_default_configuration_chooses_and_is_named(portrait: Path, pushed: Path) -> None:
    (pushed / "faces.yaml").rename(pushed / "pipeline_config.yaml")
    ended = visage("predict", portrait, "--json", cwd=pushed)
    assert ended.stderr == (
        "visage: taking the model of pipeline faces (pipeline_config.yaml); --config or --model chooses another\n"
    )
    (prediction,) = json.loads(ended.stdout)
    assert list(prediction)[:2] == ["path", "model"]
    assert prediction["model"]["trained_on"] == {
        "pictures": "drawn portraits",
        "data_sets": ["utkface"],
        "faces": 1265,
    }
    assert prediction["model"]["config"] == "pipeline_config.yaml"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "y", "--server", "http://y"), "--model and --server: choose one; --alignment-of DIR gives"),
        (("--model", "y", "--alignment-of", "y"), "--alignment-of needs --server: a local model has"),
    ],
)
def test_options_that_exclude_each_other_are_an_error(options: tuple[str, ...], message: str) -> None:
    ended = visage("predict", "x.jpg", *options)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"visage: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "x.jpg", "--model", "y"), "--model and --config: both name a model; choose one"),
        (("predict", "x.jpg", "--server", "http://y"), "--server and --config: both name a model; choose one"),
        (("serve", "--model-base-path", "y"), "--model-base-path and --config: both name a model; choose one"),
        (("export", "tflite", "y"), "MODEL and --config: both name a model; choose one"),
    ],
)
def test_two_models_are_an_error(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    ended = visage(*arguments, "--config", "z.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"visage: {message}\n")


@pytest.mark.parametrize("command", [("predict", "x.jpg"), ("serve",), ("export", "tflite")])
def test_a_configuration_that_is_not_there_is_an_error_of_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = visage(*command, "--config", "z.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("visage: z.yaml: ")
    assert ended.stderr.count("\n") == 1
