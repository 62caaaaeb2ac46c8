"""Keeps the newest whole version of a model loaded while new ones are pushed beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serving.model import LoadedModel, find_versions, load_model
from visage.errors import VisageError

_Snapshot = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class VersionState:
    """What became of one version.

    Attributes:
        state: 'LOADING', 'AVAILABLE' or 'END', in TensorFlow Serving's words.
        error: why it could not be loaded; empty where nothing went wrong.
    """

    state: str
    error: str = ""


class ModelVersions:
    """The version that is served and what became of the others; `poll` is called by one thread, the rest by any.

    A version is loaded once its files were the same at two polls in a row, so that one still being copied is left
    alone. One that cannot be loaded is tried again when its files change; meanwhile the old one stays.
    """

    def __init__(self, base_path: Path, load: Callable[[Path], LoadedModel] = load_model) -> None:
        self.base_path = base_path
        self.current: LoadedModel | None = None
        self.states: dict[int, VersionState] = {}
        self._load = load
        self._seen: dict[int, _Snapshot] = {}
        self._failed: dict[int, _Snapshot] = {}

    def poll(self) -> None:
        """Looks at the folder once; loads a new version and lets go of the old one where there is cause to."""
        versions = find_versions(self.base_path)
        for number in sorted(versions, reverse=True):
            if self.current is not None and self.current.version == number:
                return
            if self._is_settled(number, versions[number]) and self._try(number, versions[number]):
                return

    def _is_settled(self, number: int, folder: Path) -> bool:
        before, now = self._seen.get(number), _snapshot(folder)
        self._seen[number] = now
        return before == now and self._failed.get(number) != now

    def _try(self, number: int, folder: Path) -> bool:
        self._set_state(number, VersionState("LOADING"))
        try:
            model = self._load(folder)
        except VisageError as error:
            self._failed[number] = self._seen[number]
            self._set_state(number, VersionState("END", str(error)))
            return False
        old, self.current = self.current, model
        self._set_state(number, VersionState("AVAILABLE"))
        if old is not None:
            # Requests that still run hold the old model; it leaves the memory with the last of them.
            self._set_state(old.version, VersionState("END"))
        return True

    def _set_state(self, number: int, state: VersionState) -> None:
        self.states = {**self.states, number: state}


def _snapshot(folder: Path) -> _Snapshot:
    files = set()
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:  # It was renamed or removed between the listing and this look.
            continue
        files.add((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return frozenset(files)
