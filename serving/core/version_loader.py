"""Loads and warms up versions in a thread of low priority, while requests run on others."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from serving.core.batcher import SessionThreads
from serving.core.errors import Code, ServingError
from serving.core.limits import Limits
from serving.core.metrics import Metrics
from serving.core.servable import Servable
from serving.core.warmup import replay
from serving.request_statistics.statistics import RequestStatistics
from visage.errors import VisageError
from visage.saved_model.cpp_loader.c_api import LibraryError, TensorFlowError
from visage.saved_model.metadata import METADATA_FILE, ModelMetadata, read_metadata
from visage.saved_model.model_session import ModelSession
from visage.tensorflow_messages import first_cause

# How much lower than that of requests the priority of loading is.
_NICENESS = 10


class VersionLoader:
    """Loads one version after the other."""

    def __init__(
        self,
        threads: SessionThreads,
        limits: Limits,
        metrics: Metrics,
        statistics: RequestStatistics | None,
        check: Callable[[Path], None],
    ) -> None:
        """Prepares the thread.

        Args:
            threads: that run the batches of what is loaded.
            limits: of its requests.
            metrics: receive the duration of its runs and of its warm-up.
            statistics: receive its requests; None: none are kept.
            check: called with the folder of each version before it is loaded; raises VisageError if it must not be
                served.
        """
        self._threads = threads
        self._limits = limits
        self._metrics = metrics
        self._statistics = statistics
        self._check = check
        self._thread = ThreadPoolExecutor(1, "loader", initializer=_lower_priority)

    def close(self) -> None:
        """Ends the thread after what it loads now."""
        self._thread.shutdown(wait=False)

    async def load(self, name: str, number: int, folder: Path) -> Servable:
        """Loads and warms up a version.

        Args:
            name: of the model.
            number: of the version.
            folder: its SavedModel.

        Raises:
            ServingError: it may not be served, cannot be loaded, or fails on its warm-up requests.
        """
        loading = asyncio.get_running_loop().run_in_executor(self._thread, self._load_now, name, number, folder)
        try:
            return await asyncio.shield(loading)
        except asyncio.CancelledError:
            loading.add_done_callback(_close_unwanted)
            raise

    def _load_now(self, name: str, number: int, folder: Path) -> Servable:
        try:
            self._check(folder)
            metadata = _metadata_if_any(folder)
            session = ModelSession(folder)
        except TensorFlowError as error:
            raise ServingError(
                Code(error.code), f"{folder}: the model cannot be loaded ({first_cause(error)[:200]}); push it again"
            ) from error
        except (VisageError, LibraryError) as error:
            raise ServingError(Code.FAILED_PRECONDITION, str(error)) from error
        servable = Servable(
            name, number, metadata, session, self._threads, self._limits, self._metrics, self._statistics
        )
        try:
            self._warm_up(servable, folder)
        except BaseException:
            session.close()
            raise
        return servable

    def _warm_up(self, servable: Servable, folder: Path) -> None:
        started = time.perf_counter()
        code = Code.OK
        try:
            replay(folder, servable.signatures, servable.run_now)
        except ServingError as error:
            code = error.code
            raise ServingError(code, f"{folder}: a warm-up request fails ({error.message}); push it again") from error
        finally:
            self._metrics.observe_warm_up(str(folder), code, time.perf_counter() - started)


def _close_unwanted(loading: asyncio.Future[Servable]) -> None:
    """Releases a version that nobody waits for any longer."""
    if not loading.cancelled() and loading.exception() is None:
        loading.result().close_now()


def _metadata_if_any(folder: Path) -> ModelMetadata | None:
    try:
        return read_metadata(folder)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        file = folder / METADATA_FILE
        raise VisageError(f"{file}: cannot be read ({type(error).__name__}); push the model again") from error


def _lower_priority() -> None:
    # On Linux each thread has its own priority.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
