"""The peer `DeepFace.extract_faces` with its MTCNN detector, in an environment of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.commands import PROJECT
from visage.errors import VisageError

# The last two are for our own code, which passes the same images to the peer's detector.
PACKAGES = ("deepface==0.0.103", "tensorflow==2.16.2", "tf-keras==2.16.0", "mtcnn==1.0.0", "pydantic>=2,<3", "pillow")
FOLDER = PROJECT / ".cache" / "peers" / "deepface"
# TensorFlow 2.16 has wheels for 3.9 to 3.12.
PYTHON = sys.executable if sys.version_info < (3, 13) else "3.12"
# Prints the number of images with a face, and the least CPU seconds of three passes without loading.
EXTRACT = """
import json, sys, time
from deepface import DeepFace

def found(path):
    try:
        return len(DeepFace.extract_faces(path, detector_backend="mtcnn", align=True)) > 0
    except ValueError:
        return False

found(sys.argv[1])
passes = []
for _ in range(3):
    start = time.process_time()
    faces = sum(map(found, sys.argv[1:]))
    passes.append(time.process_time() - start)
print(json.dumps({"images": len(sys.argv) - 1, "found": faces, "cpu": min(passes)}))
"""
# Arguments: folder of the published data, one portrait in how many. Prints the figures.
ACCURACY = """
import dataclasses, json, sys
from pathlib import Path
from benchmarks.faces.accuracy import accuracy_figures
from visage.faces.detector import make_detector

figures = accuracy_figures(make_detector("mtcnn"), Path(sys.argv[1]), int(sys.argv[2]))
print(json.dumps([dataclasses.asdict(figure) for figure in figures]))
"""


def extract_faces(images: list[Path], environment: dict[str, str]) -> dict[str, float]:
    """Extracts the faces of images in one process.

    Args:
        images: JPEG files.
        environment: the process's environment variables.

    Returns:
        `images` (number of images), `found` (number with a face) and `cpu` (the least CPU seconds of three passes).

    Raises:
        VisageError: the peer cannot be installed or does not run here.
    """
    cost: dict[str, float] = _run(["-c", EXTRACT, *map(str, images)], environment)
    return cost


def mtcnn_accuracy(data: Path, every: int, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Returns `accuracy.accuracy_figures` for the peer's MTCNN; arguments and errors as `extract_faces` has."""
    figures: list[dict[str, Any]] = _run(
        ["-c", ACCURACY, str(data.resolve()), str(every)],
        {**environment, "PYTHONPATH": str(PROJECT)},
    )
    return figures


def _run(arguments: list[str], environment: dict[str, str]) -> Any:
    """Runs a program and returns the JSON in its last line."""
    process = subprocess.run(
        [_environment(), *arguments],
        env={**environment, "DEEPFACE_HOME": str(FOLDER), "CUDA_VISIBLE_DEVICES": "-1"},
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    if process.returncode:
        raise VisageError(f"deepface does not run here: {_last_line(process.stderr)}")
    return json.loads(process.stdout.splitlines()[-1])


def _environment() -> Path:
    """Returns the Python of the environment; installs the packages that are missing."""
    python, stamp = FOLDER / "bin" / "python", FOLDER / "installed"
    if stamp.is_file() and stamp.read_text() == str(PACKAGES):
        return python
    uv = _output(PROJECT / "tools" / "uv.sh")
    _output(uv, "venv", "--quiet", "--clear", "--no-project", "--python", PYTHON, FOLDER)
    _output(uv, "pip", "install", "--quiet", "--python", python, *PACKAGES)
    stamp.write_text(str(PACKAGES))
    return python


def _output(*command: str | Path) -> str:
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode:
        raise VisageError(f"deepface cannot be installed here: {_last_line(process.stderr)}")
    return process.stdout.strip()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no error message"])[-1]
