"""The systems that are compared, each a process of its own that is asked for one face at a time."""

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
from visage import progress
from visage.errors import VisageError

_HERE = Path(__file__).parent
# As Python and Node.js begin the line that says what was wrong; the source that they quote names errors too.
_ERROR = re.compile(r"[\w.]*Error( \[\w+\])?: ")
# Images that a system is asked for before anything counts: it traces, compiles and fills its caches.
_WARM_UP = 20
# Images after which it is the next system's turn.
_TURN = 25


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
        name: for the tables.
        command: reads paths of images, a line each, and answers as `served_model` does.
        modules: where its npm packages are; None where it needs none.
        files: those of its model, without what runs it.
    """

    name: str
    command: list[str]
    modules: Path | None
    files: list[Path]

    @property
    def size(self) -> int:
        """Bytes of its model on disk."""
        return sum(file.stat().st_size for file in self.files)


@dataclass(frozen=True)
class Answers:
    """What one system said of n images.

    Attributes:
        age: years, float64 [n].
        male: P(male), float64 [n].
        cpu_ms: user and system time of its process, in milliseconds an image.
    """

    age: np.ndarray
    male: np.ndarray
    cpu_ms: float


def our_model(name: str, version: Path) -> System:
    """A pushed SavedModel, through the signature that TensorFlow Serving answers by default."""
    command = [sys.executable, "-m", "benchmarks.peers.served_model", str(version)]
    return System(name, command, None, [path for path in version.rglob("*") if path.is_file()])


def peers(modules: Path) -> list[System]:
    """face-api and Human; `modules` holds their packages."""
    face_api, human = modules / "@vladmandic" / "face-api", modules / "@vladmandic" / "human"
    return [
        _peer(face_api, "face_api.js", face_api / "model", "age_gender_model*"),
        _peer(human, "human.js", human / "models", "faceres.*"),
    ]


def _peer(package: Path, program: str, models: Path, files: str) -> System:
    version = json.loads((package / "package.json").read_text())["version"]
    command = ["node", str(_HERE / program), str(models)]
    return System(f"{package.name} {version}", command, package.parents[1], sorted(models.glob(files)))


def ask_in_turn(systems: Sequence[System], images: Sequence[Path]) -> dict[str, Answers]:
    """Asks all systems of all images, some at a time, so that a busy hour of the machine falls on each alike.

    Args:
        systems: with names of their own.
        images: JPEG files.

    Returns:
        By the systems' names.

    Raises:
        VisageError: a system does not run here.
    """
    with ExitStack() as running:
        processes = {system.name: running.enter_context(_running(system)) for system in systems}
        for done, (name, process) in enumerate(processes.items()):
            progress.report("warm up", done, len(systems), name)
            started = [process.ask(image) for image in images[:_WARM_UP]]
            process.cpu_before = started[-1]["cpu"]
        said: dict[str, list[dict[str, float]]] = {system.name: [] for system in systems}
        for start in range(0, len(images), _TURN):
            for name, process in processes.items():
                said[name] += [process.ask(image) for image in images[start : start + _TURN]]
            progress.report("ask", min(start + _TURN, len(images)), len(images))
        return {name: _answers(said[name], process.cpu_before) for name, process in processes.items()}


def _answers(said: list[dict[str, float]], cpu_before: float) -> Answers:
    age, male = (np.array([answer[key] for answer in said]) for key in ("age", "male"))
    return Answers(age, male, 1000 * (said[-1]["cpu"] - cpu_before) / len(said))


class _Process:
    """A system that runs."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", errors: IO[str]) -> None:
        self._name = name
        self._process = process
        self._errors = errors
        self.cpu_before = 0.0

    def ask(self, image: Path) -> dict[str, float]:
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
            said = [words for line in self._errors if (words := line.strip())]
            why = next(filter(_ERROR.match, said), said[-1] if said else "without a word why")
            raise VisageError(f"{self._name} does not run here, it ended at {image}: {why}")
        answer: dict[str, float] = json.loads(line)
        return answer


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
