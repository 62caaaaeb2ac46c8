"""What `make run` and `make test` stand on: locks, packaging, and a set-up that says what lacks."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
STACKS = ("current", "older-glibc")
LOCKS = (*STACKS, "airflow", "uv")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(\[.*\])?==(\S+)", re.MULTILINE)


def lock_text(name: str) -> str:
    return (PROJECT / "requirements" / f"{name}.txt").read_text()


def run(*command: str | Path, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tarfile.TarFile:
    """The archive that Beam would ship, made by `python setup.py sdist` in a copy of what it packs."""
    copy = tmp_path_factory.mktemp("sdist")
    shutil.copy(PROJECT / "setup.py", copy)
    for package in ("pipeline", "components", "tfds_builders", "serving"):
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    done = run(sys.executable, "setup.py", "--quiet", "sdist", cwd=copy)
    assert done.returncode == 0, done.stderr
    return tarfile.open(next((copy / "dist").glob("visage-*.tar.gz")))


def bare_path(folder: Path, without: str) -> str:
    """A PATH with what a new machine has, less one program."""
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
    """What set-up reads, in a folder where it has never run."""
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


# Extras that no command of the Makefile installs.
CHOSEN_BY_USERS = {"face-recognition-models", "mtcnn"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_meets_what_setup_py_asks(stack: str, packed: tarfile.TarFile) -> None:
    metadata = next(name for name in packed.getnames() if name.endswith("PKG-INFO"))
    content = packed.extractfile(metadata)
    assert content is not None
    asked = [Requirement(found) for found in re.findall(r"^Requires-Dist: (.*)", content.read().decode(), re.MULTILINE)]
    pinned: dict[str, list[str]] = {}
    for name, _, version in PINNED.findall(lock_text(stack)):
        pinned.setdefault(canonicalize_name(name), []).append(version)

    assert {r.name for r in asked} >= {"tfx", "apache-beam", "kfp", "pytest"}
    for requirement in asked:
        if requirement.name in CHOSEN_BY_USERS:
            continue
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {stack}.txt: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement} against {versions}"


def test_the_archive_for_beam_workers_holds_every_module_and_data_file(packed: tarfile.TarFile) -> None:
    packages = ("pipeline", "components", "tfds_builders", "serving")
    kinds = {".py", ".html", ".jinja", ".pbtxt", ".bib", ".md"}
    wanted = {
        str(path.relative_to(PROJECT))
        for package in packages
        for path in (PROJECT / package).rglob("*")
        if path.suffix in kinds and (path.parent / "__init__.py").exists()
    }

    names = {name.partition("/")[2] for name in packed.getnames()}

    assert wanted <= names, sorted(wanted - names)


@pytest.mark.parametrize("program", ["git", "make", "g++"])
def test_a_missing_program_is_one_line_that_says_what_to_install(new_clone: Path, tmp_path: Path, program: str) -> None:
    done = run("/bin/sh", "tools/set_up.sh", cwd=new_clone, PATH=bare_path(tmp_path / "bin", without=program))

    assert done.returncode == 1
    assert done.stderr == f"visage: missing: {program}. Mend: apt-get install {program}\n"
    assert not (new_clone / ".venv").exists()


def test_no_python_at_all_is_one_line_too(new_clone: Path, tmp_path: Path) -> None:
    path = bare_path(tmp_path / "bin", without="")

    done = run("/bin/sh", "tools/uv.sh", cwd=new_clone, PATH=path, HOME=str(tmp_path), PYENV_ROOT=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == "visage: no Python 3.9 or newer. Mend: apt-get install python3 python3-dev python3-venv\n"


def test_of_the_archive_a_beam_worker_needs_neither_tfx_nor_tensorflow(packed: tarfile.TarFile, tmp_path: Path) -> None:
    packed.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    imports = "import sys; sys.modules.update(tfx=None, tensorflow=None, tensorflow_datasets=None); "
    imports += "import components.face_example_gen.transforms as found; print(found.__file__)"
    done = run(sys.executable, "-c", imports, cwd=root)
    assert done.stdout.startswith(str(root)), done.stderr


class TestSetUpFromATinyLock:
    """The whole way with a lock of one package, setuptools, which building the project itself needs."""

    @pytest.fixture
    def tiny_clone(self, new_clone: Path) -> Path:
        for stack in STACKS:
            entry = re.search(r"^setuptools==.*\n( +--hash=.*\n)+", lock_text(stack), re.MULTILINE)
            assert entry
            (new_clone / "requirements" / f"{stack}.txt").write_text(entry.group())
        return new_clone

    @staticmethod
    def set_up(clone: Path) -> str:
        uv = Path(run("tools/uv.sh").stdout.strip())
        done = run("tools/set_up.sh", cwd=clone, PATH=f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
        assert done.returncode == 0, done.stderr
        return done.stderr

    def test_the_second_call_ends_at_once(self, tiny_clone: Path) -> None:
        assert "installing" in self.set_up(tiny_clone)
        assert (tiny_clone / ".venv" / "bin" / "visage").exists()

        started = time.monotonic()
        assert self.set_up(tiny_clone) == ""
        assert time.monotonic() - started < 1

    def test_a_changed_lock_updates_the_environment(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        kept = tiny_clone / ".venv" / "kept"
        kept.touch()
        for stack in STACKS:
            lock = tiny_clone / "requirements" / f"{stack}.txt"
            lock.write_text(lock.read_text() + "# changed\n")

        assert "installing" in self.set_up(tiny_clone)
        assert kept.exists()

    def test_one_that_was_cut_short_is_made_anew(self, tiny_clone: Path) -> None:
        self.set_up(tiny_clone)
        (tiny_clone / ".venv" / "set-up").unlink()
        (tiny_clone / ".venv" / "bin" / "python").unlink()

        assert "installing" in self.set_up(tiny_clone)
        assert run(tiny_clone / ".venv" / "bin" / "python", "-c", "import setuptools").returncode == 0
