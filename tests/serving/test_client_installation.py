"""The extra `client` in an empty environment: it predicts with a served model, without any heavy package."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT
from tests.serving.conftest import RunningServer
from tests.visage.client.scripted_server import grpc_server
from visage.client.photos import predict_photos

PACKAGES = ("visage", "pipeline", "components", "tfds_builders", "serving")
HEAVY = ("tensorflow", "tfx", "apache_beam", "keras", "ml_metadata", "tensorflow_datasets")

pytestmark = pytest.mark.slow


def run(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command that sees nothing of this process's own packages."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def output_of(command: Sequence[str | Path], folder: Path) -> str:
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which `visage-pipeline[client]` was installed and nothing else."""
    folder = tmp_path_factory.mktemp("client")
    source = folder / "source"
    source.mkdir()
    shutil.copy(PROJECT / "setup.py", source)
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    output_of([sys.executable, "setup.py", "--quiet", "bdist_wheel"], source)
    (wheel,) = (source / "dist").glob("*.whl")
    stack = output_of([PROJECT / "tools" / "stack.sh"], folder)
    uv = output_of([PROJECT / "tools" / "uv.sh"], folder)
    output_of([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder / "venv"], folder)
    programs = folder / "venv" / "bin"
    # The versions that the other tests run on; the extra alone decides what is installed.
    versions: list[str | Path] = ["--constraint", PROJECT / "requirements" / f"{stack}.txt"]
    wanted = f"visage-pipeline[client] @ {wheel.as_uri()}"
    output_of([uv, "pip", "install", "--quiet", "--python", programs / "python", *versions, wanted], folder)
    return programs


@pytest.fixture(scope="module")
def portrait(portraits: Path) -> Path:
    return sorted((portraits / "UTKFace").rglob("*.jpg"))[0]


def test_nothing_heavy_was_installed(client: Path, tmp_path: Path) -> None:
    look = f"from importlib.util import find_spec; print([name for name in {HEAVY} if find_spec(name)])"
    assert output_of([client / "python", "-c", look], tmp_path) == "[]"


def test_it_predicts_through_a_server_as_the_full_installation_does(
    client: Path, portrait: Path, shared_server: RunningServer, tmp_path: Path
) -> None:
    command: list[str | Path] = [
        client / "visage",
        "predict",
        portrait,
        "--server",
        shared_server.url,
        "--json",
        "--out",
        "out.png",
    ]
    (there,) = json.loads(output_of(command, tmp_path))
    (here,) = predict_photos([portrait], server=shared_server.url)
    assert there["problem"] is None
    assert there["faces"][0]["age"] == here.faces[0].age
    assert tuple(there["faces"][0]["box"]) == here.faces[0].box
    assert (tmp_path / "out.png").stat().st_size > 0


def test_a_model_in_a_folder_is_an_error_of_one_line(
    client: Path, portrait: Path, saved_model: Path, tmp_path: Path
) -> None:
    done = run([client / "visage", "predict", portrait, "--model", saved_model], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"visage: {saved_model}: a model in a folder needs TensorFlow (TensorFlow is not installed)")


def test_it_predicts_over_grpc(client: Path, tmp_path: Path) -> None:
    program = "import sys; from visage.client import Client; print(Client(sys.argv[1]).predict_crops([b'crop'])[0])"
    with grpc_server() as server:
        output = output_of([client / "python", "-c", program, server.url], tmp_path)
    assert "'age': 4.0" in output


def test_it_finds_and_aligns_faces_from_python(client: Path, portrait: Path, tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
import visage
image = visage.decode(Path({str(portrait)!r}).read_bytes())
settings = visage.AlignmentSettings()
(face,) = visage.make_detector("blazeface").detect(image)
print(visage.align(image, face.landmarks, settings).shape)
"""
    assert output_of([client / "python", "-c", program], tmp_path) == "(112, 112, 3)"


@pytest.mark.parametrize(
    ("arguments", "package"),
    [(["serve", "--model-base-path", "."], "uvicorn"), (["check"], "yaml")],
)
def test_a_command_that_needs_other_packages_is_an_error_of_one_line(
    client: Path, arguments: list[str], package: str, tmp_path: Path
) -> None:
    done = run([client / "visage", *arguments], tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"visage: this command needs {package}, which is not installed; "
        "install VisAge's extra `pipeline`, or run `make set-up` in a clone\n"
    )
