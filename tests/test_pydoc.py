"""`pydoc MODULE` shows every module."""

import subprocess
import sys

import pytest

from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.helpers.project import PROJECT

PROGRAM = """
import importlib, pkgutil, pydoc
for top in ("visage", "components", "pipeline", "serving", "tfds_builders", "benchmarks"):
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not module.name.endswith(("__main__", "_test")):
            try:
                pydoc.render_doc(module.name)
            except Exception as error:
                print(f"{module.name}: {type(error).__name__}: {error}")
"""


@pytest.mark.slow
def test_every_module_is_shown() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, timeout=HANG_GUARD_SECONDS
    )
    assert (ended.returncode, ended.stdout) == (0, "")
