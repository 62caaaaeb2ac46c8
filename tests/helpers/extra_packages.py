"""Packages of extras that are not in every lock, for the tests of these extras."""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from tests.helpers.project import PROJECT
from visage.extras import EXTRAS

# Before any test has made packages of extras importable.
_PATH = tuple(sys.path)


def extra_packages(extra: str) -> Path | None:
    """Returns a folder with the packages that an extra adds, in `.cache/extras`; None: they are installed.

    Skips the test where they cannot be had.
    """
    if PathFinder.find_spec(EXTRAS[extra].module, _PATH):
        return None
    uv = subprocess.run([PROJECT / "tools" / "uv.sh"], capture_output=True, text=True)
    stack = subprocess.run([PROJECT / "tools" / "stack.sh"], capture_output=True, text=True).stdout.strip()
    lock_file = PROJECT / "requirements" / f"{stack}-{extra}.txt"
    digest = hashlib.sha256(f"{sys.version} {lock_file.read_text()}".encode()).hexdigest()[:16]
    folder = PROJECT / ".cache" / "extras" / f"{extra}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Tests run in several processes.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            making = folder.with_name(f"{folder.name}.making")
            shutil.rmtree(making, ignore_errors=True)
            # As tools/set_up.sh: of the extra ready, only files are read, whatever Python its code wants.
            version = ["--python-version", "3.11"] if extra == "ready" else []
            command = [uv.stdout.strip(), "pip", "install", "--quiet", "--python", sys.executable]
            done = subprocess.run(
                [*command, "--target", making, *version, "--no-deps", "--require-hashes", "--requirements", lock_file],
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                pytest.skip(f"the packages of the extra {extra} cannot be had: {done.stderr.strip().splitlines()[-1:]}")
            making.rename(folder)
    return folder


@contextmanager
def importable(extra: str) -> Iterator[None]:
    """Makes the packages of an extra importable inside the `with` block, those of the stack first."""
    folder = extra_packages(extra)
    if folder is None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        # Last, so that packages of the stack are not loaded twice.
        patch.setattr(sys, "path", [*sys.path, str(folder)])
        importlib.invalidate_caches()
        assert importlib.util.find_spec(EXTRAS[extra].module)
        yield
