"""Keeps the versions of one model loaded that its configuration wants, while new ones are pushed and old ones deleted.

A version is loaded when its files are unchanged between two looks, so that one that is still being copied is not. A new
version is loaded and warmed up before an old one is released. One that cannot be loaded never takes over. It is tried
again when its files change, and a few times as it is where the cause may pass, such as too little memory.

All methods run in the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from serving.core.errors import Code, ServingError
from serving.core.model_config import ModelConfig
from serving.core.servable import Servable
from serving.core.version_folders import Snapshot, find_versions

# As in TensorFlow Serving.
_TRIES, _SECONDS_BETWEEN_TRIES = 5, 60.0
# Causes in the files themselves.
_LASTING = {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION, Code.DATA_LOSS, Code.UNIMPLEMENTED}
# TensorFlow Serving, too, remembers ended versions for a while.
_MOST_ENDED = 100

_logger = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Awaitable[Servable]]
"""Loads and warms up a version: model name, number, folder. Raises ServingError."""


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version.

    Attributes:
        version: its number.
        state: 'START', 'LOADING', 'AVAILABLE', 'UNLOADING' or 'END'.
        code: OK, or why it could not be loaded.
        message: the cause; empty without an error.
    """

    version: int
    state: str
    code: Code = Code.OK
    message: str = ""


@dataclass
class _Failure:
    """A version that could not be loaded: its files then, how often, and when it is tried again."""

    files: Snapshot | None
    tries: int
    again_at: float


class ServedModel:
    """One model of the configuration.

    Attributes:
        config: what is wanted.
        statuses: of all versions seen, by number.
    """

    def __init__(self, config: ModelConfig, load: Load) -> None:
        self.config = config
        self.statuses: dict[int, VersionStatus] = {}
        self._load = load
        self._available: dict[int, Servable] = {}
        self._seen: dict[int, Snapshot | None] = {}
        self._failed: dict[int, _Failure] = {}
        self._closed = False
        self._unloading: set[asyncio.Task[None]] = set()

    @property
    def available(self) -> list[int]:
        """Returns the versions that take requests, the newest first."""
        return sorted(self._available, reverse=True)

    @property
    def is_settled(self) -> bool:
        """Returns whether a version takes requests, or every version that was found has failed."""
        return bool(self._available) or (
            bool(self._failed) and all(number in self._failed for number, files in self._seen.items() if files)
        )

    def find(self, version: int | None) -> Servable | None:
        """Returns a version that takes requests, by default the newest; None if there is none."""
        number = max(self._available, default=None) if version is None else version
        return None if number is None else self._available.get(number)

    async def poll(self) -> None:
        """Looks at the folders once: loads what is wanted and new, then releases what is no longer wanted.

        Raises:
            OSError: the base folder cannot be listed; everything stays as it is.
        """
        found = await asyncio.to_thread(find_versions, self.config.base_path)
        if self._closed:
            return
        settled = {number for number, version in found.items() if version.files == self._seen.get(number, frozenset())}
        self._seen = {number: version.files for number, version in found.items()}
        self._failed = {number: one for number, one in self._failed.items() if self._seen.get(number) == one.files}
        candidates = [
            number
            for number, version in found.items()
            if number in self._available or (version.files and number in settled and self._may_be_tried(number))
        ]
        wanted = self.config.policy.chosen(candidates)
        for number in wanted:
            if number not in self._available:
                await self._try_to_load(number, found[number].path)
        loaded = [number for number in wanted if number in self._available]
        # Without any folder everything is released, as in TensorFlow Serving; a broken folder replaces no version.
        if loaded or not found:
            for number in set(self._available) - set(loaded):
                self._release(number)

    def release_all(self) -> None:
        """Takes all versions out of service for good; those in use are released after their last request."""
        self._closed = True
        for number in list(self._available):
            self._release(number)

    async def wait_until_released(self) -> None:
        """Waits until the memory of all versions taken out of service is released."""
        if self._unloading:
            await asyncio.gather(*self._unloading)

    def _may_be_tried(self, number: int) -> bool:
        failure = self._failed.get(number)
        return failure is None or time.monotonic() >= failure.again_at

    async def _try_to_load(self, number: int, path: Path) -> None:
        self._set_status(VersionStatus(number, "LOADING"))
        try:
            servable = await self._load(self.config.name, number, path)
        except asyncio.CancelledError:
            self._set_status(VersionStatus(number, "END", Code.CANCELLED, "the loading was given up"))
            raise
        except Exception as error:
            if not isinstance(error, ServingError):
                _logger.exception("cannot load version %d of %s", number, self.config.name)
                error = ServingError(Code.INTERNAL, f"{path}: {type(error).__name__}: {error}")
            self._note_failure(number, error.code)
            self._set_status(VersionStatus(number, "END", error.code, error.message))
            return
        self._available[number] = servable
        self._failed.pop(number, None)
        self._set_status(VersionStatus(number, "AVAILABLE"))
        if self._closed:
            self._release(number)

    def _note_failure(self, number: int, code: Code) -> None:
        before = self._failed.get(number)
        tries = 1 if before is None else before.tries + 1
        is_over = code in _LASTING or tries > _TRIES
        again_at = float("inf") if is_over else time.monotonic() + _SECONDS_BETWEEN_TRIES
        self._failed[number] = _Failure(self._seen[number], tries, again_at)

    def _release(self, number: int) -> None:
        servable = self._available.pop(number)
        self._set_status(VersionStatus(number, "UNLOADING"))

        async def unload() -> None:
            await servable.close()
            if self.statuses[number].state == "UNLOADING":
                self._set_status(VersionStatus(number, "END"))

        task = asyncio.get_running_loop().create_task(unload())
        self._unloading.add(task)
        task.add_done_callback(self._unloading.discard)

    def _set_status(self, status: VersionStatus) -> None:
        self.statuses[status.version] = status
        ended = sorted(number for number, one in self.statuses.items() if one.state == "END")
        for number in ended[:-_MOST_ENDED]:
            del self.statuses[number]
