"""The container image: what is in it, and a node, a whole pipeline and the server in containers without any rights."""

import csv
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.containers import run_docker, visage_image
from tests.helpers.limits import wait_until
from tests.helpers.locked_environment import locked_environment
from tests.helpers.project import PROJECT
from visage.source_digest import source_digest

pytestmark = [pytest.mark.slow, pytest.mark.services]

LIMIT = 4_000_000_000
# A uid without a name and with group 0, as OpenShift gives it.
ANY_USER = "1000670000:0"
IMAGE_USER = "10001:0"
WITHOUT_RIGHTS = (
    "--network=none",
    "--read-only",
    "--tmpfs=/tmp:mode=1777",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
PACKAGES = ("components", "pipeline", "serving", "tfds_builders", "visage")
SMALL = {
    "data.sample_portraits.count": 240,
    "trainer.epochs": 1,
    "evaluator.age_mae_max": 100,
    "evaluator.gender_accuracy_min": 0,
}


@pytest.fixture(scope="module")
def image() -> str:
    return visage_image()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return volume(tmp_path_factory.mktemp("volume"))


def volume(folder: Path) -> Path:
    """Makes an empty folder one that any user of group 0 may write to, as a volume of Kubernetes with fsGroup 0."""
    os.chown(folder, int(IMAGE_USER.partition(":")[0]), 0)
    folder.chmod(0o2775)
    return folder


def run(image: str, *words: str, workspace: Path, user: str = IMAGE_USER) -> subprocess.CompletedProcess[str]:
    """Runs `visage WORDS` in a container without rights."""
    mount = f"--volume={workspace}:/visage/runs"
    return run_docker("run", "--rm", *WITHOUT_RIGHTS, f"--user={user}", mount, image, *words, check=False)


def shell(image: str, script: str) -> str:
    return run_docker("run", "--rm", *WITHOUT_RIGHTS, "--entrypoint=sh", image, "-c", script).stdout


def options(**changes: Any) -> list[str]:
    values = SMALL | {name.replace("__", "."): value for name, value in changes.items()}
    return [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = locked_environment("linters") / "hadolint"
    done = subprocess.run([hadolint, "docker/Dockerfile"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_it_is_small_and_runs_as_a_user_without_rights(image: str) -> None:
    (found,) = json.loads(run_docker("image", "inspect", image).stdout)
    assert found["Size"] < LIMIT
    assert found["Config"]["User"] == IMAGE_USER
    assert found["Config"]["Entrypoint"] == ["visage"]
    # Most containers are jobs, which have no health; a server's own is asked by its orchestrator.
    assert "Healthcheck" not in found["Config"]


def test_it_has_no_tools_to_build_with(image: str) -> None:
    assert shell(image, "command -v cc gcc g++ make git pip pip3 uv curl wget || true") == ""


def test_its_code_is_that_of_the_working_tree(image: str) -> None:
    digests = f"from visage.source_digest import source_digest as d; print(*map(d, {PACKAGES!r}))"
    assert shell(image, f'python -c "{digests}"').split() == [source_digest(package) for package in PACKAGES]


def test_byte_code_is_complete(image: str) -> None:
    # The file system is read-only: what is missing would be compiled at every start.
    missing = shell(
        image,
        "cd /opt/visage/lib/python3.*/site-packages && for package in visage pipeline tfx tensorflow apache_beam; do "
        "find $package -name '*.py' | while read -r file; do "
        'folder=${file%/*} name=${file##*/}; set -- "$folder/__pycache__/${name%.py}".cpython-*.pyc; '
        '[ -e "$1" ] || echo "$file"; done; done',
    ).split()
    assert [file for file in missing if "/testdata/" not in file] == []


@pytest.fixture(scope="module")
def pipeline_run(image: str, workspace: Path) -> dict[str, Any]:
    """The whole pipeline on drawn portraits, by a user that the image does not know."""
    done = run(image, "run", "--json", *options(), workspace=workspace, user=ANY_USER)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def test_the_whole_pipeline_ends_with_a_pushed_model(pipeline_run: dict[str, Any], workspace: Path) -> None:
    root = workspace / "sample-portraits"
    assert pipeline_run["pushed"]
    assert list((root / "serving" / "visage").glob("[0-9]*/saved_model.pb"))
    assert {path.stat().st_uid for path in root.rglob("*")} == {1000670000}


def test_the_record_of_a_run_names_the_commit(pipeline_run: dict[str, Any], workspace: Path) -> None:
    (file,) = (workspace / "sample-portraits" / "runs").glob("*.json")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    record = json.loads(file.read_text())
    assert record["git_commit"] == head.strip()
    assert record["git_changed"] is not None


def test_a_node_of_a_compiled_pipeline_runs_as_the_user_of_the_image(image: str, tmp_path: Path) -> None:
    # A workspace has one user: what another one has made is not writable.
    workspace = volume(tmp_path)
    small = options(name="one-node", data__sample_portraits__count=60)
    (workspace / "dags").mkdir()
    os.chown(workspace / "dags", int(IMAGE_USER.partition(":")[0]), 0)
    compiled = run(image, "compile", "airflow", *small, "--out", "runs/dags/faces.py", workspace=workspace)
    assert compiled.returncode == 0, compiled.stderr
    (ir,) = (workspace / "dags").glob("*.ir.json")
    node = ("node", "FaceExampleGen", "--pipeline", f"/visage/runs/dags/{ir.name}", "--run-id", "by hand")

    done = run(image, *node, workspace=workspace)

    assert done.returncode == 0, done.stdout + done.stderr
    assert list((workspace / "one-node" / "artifacts" / "FaceExampleGen").glob("*/*/Split-train/*"))


@pytest.fixture(scope="module")
def server(image: str, workspace: Path, pipeline_run: dict[str, Any]) -> Iterator[str]:
    """The id of a container that serves the pushed model, read-only, on ports of its own network."""
    mount = f"--volume={workspace}:/visage/runs:ro"
    container = run_docker("run", "--detach", *WITHOUT_RIGHTS, mount, image, "serve").stdout.strip()
    try:
        wait_until(lambda: "http://127.0.0.1:8501" in log_of(container), "the line with the server's address")
        yield container
    finally:
        run_docker("rm", "--force", container)


def log_of(container: str) -> str:
    time.sleep(0.5)
    done = run_docker("logs", container)
    state = run_docker("inspect", "--format", "{{.State.Running}}", container).stdout.strip()
    assert state == "true", done.stdout + done.stderr
    return done.stdout + done.stderr


def drawn_portrait(workspace: Path) -> str:
    """Returns the path in a container of an undamaged portrait of one person."""
    table = next((workspace / "data" / "sample_portraits").glob("*/drawn.csv"))
    with table.open(newline="") as file:
        name = next(row[0] for row in csv.reader(file) if row[1] == "1" and row[5] == "")
    return f"/visage/runs/{(table.parent / name).relative_to(workspace)}"


def ask(container: str, words: Sequence[str]) -> str:
    return run_docker("exec", container, *words).stdout


def test_the_server_answers_and_ends_when_it_is_told(server: str, workspace: Path) -> None:
    photo = drawn_portrait(workspace)
    answer = json.loads(ask(server, ["visage", "predict", photo, "--server", "http://127.0.0.1:8501", "--json"]))
    assert "age" in json.dumps(answer)

    run_docker("stop", "--time", "20", server)

    # 137 would be Docker's own signal, after 20 seconds: process 1 gets no signal that it does not handle.
    (state,) = json.loads(run_docker("inspect", server).stdout)
    assert state["State"]["ExitCode"] in (0, 143)


def test_a_volume_of_somebody_else_is_an_error_of_one_line(image: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = run(image, "run", *options(), workspace=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "Permission denied" in line


def test_a_read_only_volume_is_an_error_of_one_line(image: str, tmp_path: Path) -> None:
    os.chown(tmp_path, int(IMAGE_USER.partition(":")[0]), 0)
    mount = f"--volume={tmp_path}:/visage/runs:ro"
    done = run_docker("run", "--rm", *WITHOUT_RIGHTS, mount, image, "run", *options(), check=False)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("visage: /visage/runs: cannot be written")
