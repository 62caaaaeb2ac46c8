"""The client, the demo page and Beam's workers import this package: it has to be light."""

import subprocess
import sys

HEAVY = ("tensorflow", "keras", "tfx", "apache_beam", "tensorflow_datasets", "ai_edge_litert", "mtcnn")
ALL_MODULES = """
import importlib, pkgutil
import visage.faces
for module in pkgutil.walk_packages(visage.faces.__path__, "visage.faces."):
    importlib.import_module(module.name)
"""


def in_a_fresh_process(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def test_no_module_imports_a_framework() -> None:
    loaded = in_a_fresh_process(f"{ALL_MODULES}\nimport sys\nprint(*sys.modules)").split()
    assert {"visage.faces.detector", "visage.faces.detectors.mtcnn"} <= set(loaded)
    assert [name for name in HEAVY if name in loaded] == []
