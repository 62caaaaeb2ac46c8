"""The client, the demo page and Beam's workers import this package: it has to be light."""

import subprocess
import sys

HEAVY = ("tensorflow", "keras", "tfx", "apache_beam", "tensorflow_datasets", "ai_edge_litert", "mtcnn")
ALL_MODULES = """
import importlib, pkgutil
import components.faces
for module in pkgutil.walk_packages(components.faces.__path__, "components.faces."):
    importlib.import_module(module.name)
"""


def in_a_fresh_process(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return ended.stdout.strip()


def test_no_module_brings_a_framework_with_it() -> None:
    loaded = in_a_fresh_process(f"{ALL_MODULES}\nimport sys\nprint(*sys.modules)").split()
    assert {"components.faces.detect", "components.faces.detectors.mtcnn"} <= set(loaded)
    assert [name for name in HEAVY if name in loaded] == []


def test_the_package_is_imported_in_a_moment() -> None:
    # Processor time: how long it takes on the clock depends on whoever else uses the machine.
    code = "import time; start = time.process_time(); import components.faces; print(time.process_time() - start)"
    assert float(in_a_fresh_process(code)) < 0.3
