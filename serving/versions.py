"""Keeps the newest complete version of a model loaded while newer ones are pushed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from visage.errors import VisageError
from visage.prediction.loaded_model import LoadedModel, load_model
from visage.saved_model.versions import VersionFolder, version_folders

_Snapshot = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class VersionState:
    """The state of one version.

    Attributes:
        state: 'LOADING', 'AVAILABLE' or 'END', as in TensorFlow Serving.
        error: why it could not be loaded; empty without an error.
    """

    state: str
    error: str = ""


class ModelVersions:
    """The served version and the states of the others; `poll` must be called by one thread, the rest by any.

    A version is loaded when its files are unchanged between two polls, so that a version still being copied is not. A
    version that cannot be loaded is retried when its files change; the old one stays until then.
    """

    def __init__(self, base_path: Path, load: Callable[[Path], LoadedModel] = load_model) -> None:
        self.base_path = base_path
        self.current: LoadedModel | None = None
        self.states: dict[int, VersionState] = {}
        self._load = load
        self._seen: dict[int, _Snapshot] = {}
        self._failed: dict[int, _Snapshot] = {}

    def poll(self) -> None:
        """Checks the folder once; loads a new version and releases the old one if there is a newer complete one."""
        for version in reversed(version_folders(self.base_path)):
            if not version.has_model:
                continue
            if self.current is not None and self.current.version == version.number:
                return
            if self._is_settled(version) and self._try(version):
                return

    def _is_settled(self, version: VersionFolder) -> bool:
        before, now = self._seen.get(version.number), _snapshot(version.path)
        self._seen[version.number] = now
        return before == now and self._failed.get(version.number) != now

    def _try(self, version: VersionFolder) -> bool:
        number = version.number
        self._set_state(number, VersionState("LOADING"))
        try:
            model = self._load(version.path)
        except VisageError as error:
            self._failed[number] = self._seen[number]
            self._set_state(number, VersionState("END", str(error)))
            return False
        old, self.current = self.current, model
        self._set_state(number, VersionState("AVAILABLE"))
        if old is not None:
            # Running requests hold a reference to the old model, which is freed after the last of them.
            self._set_state(old.version, VersionState("END"))
        return True

    def _set_state(self, number: int, state: VersionState) -> None:
        self.states = {**self.states, number: state}


def _snapshot(folder: Path) -> _Snapshot:
    files = set()
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:  # The file was renamed or removed since the listing.
            continue
        files.add((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return frozenset(files)
