"""`visage predict` as a user runs it: its outputs, and its refusals before any work."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from tests.end_to_end.visage import VISAGE, visage
from tests.helpers.project import PROJECT
from tests.serving.conftest import RunningServer, mark_as_trained_on_drawings, plain_jpeg
from tests.visage.client.scripted_server import grpc_server
from visage.faces.image_formats import ENDINGS

pytestmark = pytest.mark.one_stack


def refusal(*words: str) -> str:
    """Runs `visage WORDS`, which refuses them before any work, in this process; returns what it prints."""
    ended = CliRunner().invoke(main, words)
    assert ended.exit_code == 1
    return ended.output


@dataclass(frozen=True)
class Ended:
    """A command that ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `visage WORDS` in this process, which is quicker than a process of its own."""

    def run(*words: str | Path, cwd: Path = PROJECT, stdin: bytes = b"") -> Ended:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words)], prog_name="visage")
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def portrait(portraits: Path) -> Path:
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0]


def test_predictions_go_to_standard_output_and_problems_to_standard_error(
    portrait: Path, shared_server: RunningServer
) -> None:
    ended = visage("predict", "nowhere.jpg", portrait, "--server", shared_server.url)
    assert ended.returncode == 1
    model, header, face = ended.stdout.splitlines()
    assert model == "model: visage, pipeline unknown, version 3, trained on unknown"
    assert header.split() == ["file", "face", "age", "80", "%", "span", "gender", "face", "at"]
    assert re.fullmatch(
        rf"{re.escape(str(portrait))}  1     \d+ ± 6    \d+-\d+      \w+ \d+%  +\d+, \d+, \d+, \d+", face
    )
    assert face.index("±") == header.index("age") + 3
    assert ended.stderr == "visage: nowhere.jpg: the file cannot be read: No such file or directory\n"


def test_json_is_one_document_of_predictions_and_problems(
    run: Run, portrait: Path, shared_server: RunningServer
) -> None:
    ended = run("predict", "nowhere.jpg", portrait, "--server", shared_server.url, "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    bad, good = json.loads(ended.stdout)
    assert good["model"]["version"] == "3"
    assert good["model"]["config"] is None
    assert (bad["problem"], good["problem"]) == ("the file cannot be read: No such file or directory", None)


def test_csv_has_a_row_for_each_face_and_names_the_model_on_standard_error(
    run: Run, portrait: Path, saved_model: Path, tmp_path: Path
) -> None:
    drawn = mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "visage" / "17"))
    ended = run("predict", portrait, "nowhere.jpg", "--model", drawn, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(ended.stdout))
    assert (row["file"], row["face"], row["gender"] in ("female", "male")) == (str(portrait), "1", True)
    assert float(row["age_low"]) < float(row["age"]) < float(row["age_high"])
    warning, model, problem = ended.stderr.splitlines()
    assert warning.startswith("visage: warning: trained on drawn portraits")
    assert model.startswith("visage: model: visage, pipeline faces, version 17")
    assert problem == "visage: nowhere.jpg: the file cannot be read: No such file or directory"


def test_a_photo_comes_through_standard_input(run: Run, portrait: Path, saved_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "annotated.png"
    ended = run("predict", "-", "--model", saved_model, "--json", "--out", out, stdin=portrait.read_bytes())
    assert (ended.returncode, ended.stderr) == (0, "")
    (prediction,) = json.loads(ended.stdout)
    assert (prediction["path"], len(prediction["faces"])) == ("-", 1)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_names_come_through_standard_input(run: Run, portrait: Path, saved_model: Path) -> None:
    names = f"{portrait}\nnowhere.jpg\n".encode()
    ended = run("predict", "--files-from", "-", "--model", saved_model, "--json", stdin=names)
    assert [one["path"] for one in json.loads(ended.stdout)] == [str(portrait), "nowhere.jpg"]


def test_the_images_of_several_photos_go_to_a_folder(
    run: Run, portrait: Path, saved_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    duplicate = shutil.copy(portrait, tmp_path / "photos")
    (tmp_path / "photos" / "grey.jpg").write_bytes(plain_jpeg(9, 9, 9))
    out = tmp_path / "new" / "out"
    ended = run("predict", portrait, Path(duplicate).parent, "--model", saved_model, "--out", out)
    assert ended.stderr == f"visage: {tmp_path / 'photos' / 'grey.jpg'}: no face was found\n"
    assert sorted(file.name for file in out.iterdir()) == [f"{portrait.stem}-2.png", f"{portrait.stem}.png"]


def test_photos_that_cannot_be_used_do_not_affect_others(
    run: Run, portrait: Path, saved_model: Path, tmp_path: Path
) -> None:
    truncated, empty = tmp_path / "truncated.jpg", tmp_path / "empty"
    truncated.write_bytes(portrait.read_bytes()[:1500])
    empty.mkdir()
    ended = run("predict", truncated, empty, "nowhere.jpg", portrait, "--model", saved_model)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].startswith(f"{portrait}  ")
    assert ended.stderr.splitlines() == [
        f"visage: {truncated}: the image cannot be read: its image data is cut off",
        f"visage: {empty}: no image in this folder ({', '.join(ENDINGS)}); name a photo or another folder",
        "visage: nowhere.jpg: the file cannot be read: No such file or directory",
    ]


def test_rows_come_while_further_photos_are_predicted(portrait: Path, saved_model: Path, tmp_path: Path) -> None:
    # Opening a pipe waits for a writer.
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    command = [*VISAGE, "predict", str(portrait), str(pipe), "--model", str(saved_model)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(3)]
        assert lines[2].startswith(f"{portrait}  ")
        pipe.write_bytes(portrait.read_bytes())
        assert running.stdout.readline().startswith(f"{pipe}  ")


def test_a_reader_that_leaves_ends_the_command(portrait: Path, saved_model: Path) -> None:
    command = [*VISAGE, "predict", *[str(portrait)] * 3, "--model", str(saved_model)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""
        assert running.wait() == 141


def test_many_photos_show_progress_on_standard_error(run: Run, portrait: Path, saved_model: Path) -> None:
    ended = run("predict", *[portrait] * 10, "--model", saved_model)
    assert ended.returncode == 0
    assert ended.stderr.startswith("  predict: predict photos 1 of 10")


def test_a_grpc_server_predicts_and_leaves_the_geometry_to_assume(run: Run, portrait: Path) -> None:
    with grpc_server() as server:
        ended = run("predict", portrait, "--server", server.url, "--json")
    assert "does not report the geometry of its crops, which only the REST port of `visage serve` does" in ended.stderr
    assert "the model's prediction lacks a usable" in ended.stderr  # It is none of VisAge's.


def test_an_image_that_cannot_be_written_does_not_lose_the_prediction(
    run: Run, portrait: Path, shared_server: RunningServer, tmp_path: Path
) -> None:
    # Its name is as long as names may be: the half-written file's is longer.
    out = tmp_path / f"{'x' * 251}.png"
    ended = run("predict", portrait, "--server", shared_server.url, "--out", out)
    assert ended.returncode == 1
    assert f"\n{portrait}  " in ended.stdout
    assert ended.stderr == f"visage: {out}: File name too long; name another file\n"


def test_an_image_in_a_missing_folder_is_refused_before_the_model_is_searched(
    run: Run, portrait: Path, tmp_path: Path
) -> None:
    ended = run("predict", portrait, "--model", tmp_path, "--out", tmp_path / "nowhere" / "out.png")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_api_key_that_no_header_holds_is_an_error_without_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAGE_API_KEY", "SECRET\r")
    ended = run("predict", "x.jpg", "--server", "http://127.0.0.1:1")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "visage: VISAGE_API_KEY: it begins or ends with a space or a line break; set it to the API key alone\n"
    )


@pytest.fixture
def pushed(tmp_path: Path, saved_model: Path) -> Path:
    """A folder with a configuration whose pipeline pushed a model that was trained on drawn portraits."""
    mark_as_trained_on_drawings(shutil.copytree(saved_model, tmp_path / "runs" / "faces" / "serving" / "visage" / "17"))
    (tmp_path / "faces.yaml").write_text(f"extends: {PROJECT / 'pipeline_config.yaml'}\nname: faces\n")
    return tmp_path


def test_the_model_of_a_labelled_folder_is_found_without_the_folder(run: Run, portrait: Path, pushed: Path) -> None:
    (pushed / "mine.yaml").write_text("extends: faces.yaml\ndata: {sources: [labelled_folder/mine]}\n")
    ended = run("predict", portrait, "--config", "mine.yaml", cwd=pushed)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "model: visage, pipeline faces, version 17" in ended.stdout


def test_a_model_of_drawn_portraits_is_marked_before_any_figure(run: Run, portrait: Path, pushed: Path) -> None:
    ended = run("predict", portrait, "--config", "faces.yaml", cwd=pushed)
    warning, model, _, face = ended.stdout.splitlines()
    assert warning.startswith("warning: trained on drawn portraits, not on photos of people")
    assert model == (
        "model: visage, pipeline faces, version 17, training 8, trained on drawn portraits: utkface (1,265 faces)"
    )
    assert face.startswith(f"{portrait}  1 ")
    assert ended.stderr == ""


def test_without_a_model_the_default_configuration_chooses_and_is_named(run: Run, portrait: Path, pushed: Path) -> None:
    (pushed / "faces.yaml").rename(pushed / "pipeline_config.yaml")
    ended = run("predict", portrait, "--json", cwd=pushed)
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
        (("--json", "--format", "csv"), "--json and --format csv: choose one"),
        (("-", "--files-from", "-"), "-: standard input can be read once; name it once"),
        (("y.jpg", "--out", "out.png"), "--out out.png: takes one image, not 2; name a folder"),
    ],
)
def test_options_that_exclude_each_other_are_an_error(options: tuple[str, ...], message: str) -> None:
    assert refusal("predict", "x.jpg", *options).startswith(f"visage: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "x.jpg", "--model", "y"), "--model and --config: both name a model; choose one"),
        (("predict", "x.jpg", "--server", "http://y"), "--server and --config: both name a model; choose one"),
        (("serve", "--model-base-path", "y"), "--model-base-path and --config: both name a model; choose one"),
        (("export", "tflite", "y"), "MODEL and --config: both name a model; choose one"),
    ],
)
def test_two_models_are_an_error(arguments: tuple[str, ...], message: str) -> None:
    assert refusal(*arguments, "--config", "z.yaml") == f"visage: {message}\n"


@pytest.mark.parametrize("command", [("predict", "x.jpg"), ("serve",), ("export", "tflite")])
def test_a_configuration_that_is_not_there_is_an_error_of_one_line(command: tuple[str, ...]) -> None:
    line = refusal(*command, "--config", "z.yaml")
    assert line.startswith("visage: z.yaml: ")
    assert line.count("\n") == 1
