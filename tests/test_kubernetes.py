"""Every Kubernetes manifest of the repository passes the schemas of kubernetes-validate, misspelt fields included."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.locked_environment import locked_environment
from tests.helpers.project import PROJECT

# Installs an environment of its own.
pytestmark = [pytest.mark.one_stack, pytest.mark.slow]

DEPLOYMENT = "serving-tf_serving-kubernetes-deployment.yaml"


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifests")
    subprocess.run([PROJECT / "tools" / "kubernetes_manifests.sh", folder], check=True)
    return folder


def validate(*files: Path) -> subprocess.CompletedProcess[str]:
    program = locked_environment("linters") / "kubernetes-validate"
    return subprocess.run([program, "--strict", "--quiet", *files], capture_output=True, text=True, timeout=300)


def test_every_manifest_is_valid(manifests: Path) -> None:
    files = sorted(manifests.iterdir())
    assert manifests / DEPLOYMENT in files
    done = validate(*files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_misspelt_field_is_found(manifests: Path, tmp_path: Path) -> None:
    text = (manifests / DEPLOYMENT).read_text(encoding="utf-8")
    (tmp_path / DEPLOYMENT).write_text(text.replace("terminationGracePeriodSeconds", "terminationGraceSeconds"))
    done = validate(tmp_path / DEPLOYMENT)
    assert done.returncode != 0
    assert "terminationGraceSeconds" in done.stdout + done.stderr


def test_the_dry_run_names_the_program_that_is_missing(tmp_path: Path) -> None:
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    command = ["/bin/sh", str(PROJECT / "tools" / "kubernetes_dry_run.sh")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("visage: no etcd on PATH. Fix: install it")
    assert len(done.stderr.splitlines()) == 1
