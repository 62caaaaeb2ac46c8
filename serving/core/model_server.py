"""All models of a server: finds the version that a request names, and follows the folders and the configuration.

Everything runs in one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from serving.core.batcher import SessionThreads
from serving.core.errors import Code, ServingError
from serving.core.limits import BatchLimits, Limits
from serving.core.metrics import Metrics
from serving.core.model_config import ModelConfig, model_configs
from serving.core.model_spec import ModelSpec
from serving.core.servable import Servable
from serving.core.served_model import ServedModel, VersionStatus
from serving.core.version_loader import VersionLoader
from serving.request_statistics.statistics import RequestStatistics

POLL_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class ModelServer:
    """The models that both front ends serve.

    Attributes:
        limits: of what is taken at once.
        metrics: counts of all requests.
        statistics: of what is asked; None: none are kept.
    """

    def __init__(
        self,
        models: Sequence[ModelConfig],
        limits: Limits | None = None,
        batch_limits: BatchLimits | None = None,
        check: Callable[[Path], None] = lambda folder: None,
        statistics: RequestStatistics | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Prepares the models; `start` loads them.

        Args:
            models: each of another name.
            limits: of what is taken at once.
            batch_limits: of batches and their queues.
            check: called with the folder of each version before it is loaded; raises VisageError if it must not be
                served.
            statistics: receives every request; None: none are kept.
            poll_seconds: between two looks at the folders.
        """
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.statistics = statistics
        self._poll_seconds = poll_seconds
        self._threads = SessionThreads(batch_limits or BatchLimits(), self.limits.pixels_in_flight)
        self._loader = VersionLoader(self._threads, self.limits, self.metrics, statistics, check)
        self._models = {config.name: ServedModel(config, self._loader.load) for config in models}
        self._labels: dict[str, Mapping[str, int]] = {}
        self._polling = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poller: asyncio.Task[None] | None = None
        self._ending = False

    @property
    def ready(self) -> bool:
        """Returns whether every model has a version that takes requests, and the server is not ending."""
        return not self._ending and all(model.available for model in self._models.values())

    @property
    def names(self) -> list[str]:
        """Returns the names of the models, in the order of the configuration."""
        return list(self._models)

    async def start(self) -> None:
        """Loads the wanted versions of all models, assigns the labels, and follows the folders from then on.

        Raises:
            ServingError: a model has no version that can be loaded, or a label names none.
        """
        await self._wait_until_settled(self._models.values())
        self._assign_labels(model.config for model in self._models.values())
        self._poller = asyncio.get_running_loop().create_task(self._poll_forever())

    def begin_to_end(self) -> None:
        """Makes the server unready, so that load balancers send no new requests; it still answers those that come."""
        self._ending = True

    async def close(self) -> None:
        """Releases all models after the last request."""
        self.begin_to_end()
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller
        for model in self._models.values():
            model.release_all()
            await model.wait_until_released()
        self._loader.close()
        self._threads.close()

    @contextmanager
    def acquire(self, spec: ModelSpec) -> Iterator[Servable]:
        """Keeps the version that a request names in memory inside the `with` block.

        Raises:
            ServingError: there is no such model, version (NOT_FOUND) or label (INVALID_ARGUMENT).
        """
        model = self._models.get(spec.name)
        version = spec.version
        if spec.label is not None:
            version = self._labels.get(spec.name, {}).get(spec.label)
            if version is None:
                raise ServingError(Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.label}")
        servable = None if model is None else model.find(version)
        if servable is None:
            named = ModelSpec(spec.name, version)
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {named}")
        servable.requests += 1
        try:
            yield servable
        finally:
            servable.requests -= 1

    def count_request(self, model: str, version: int | None, code: Code, refusal: str = "") -> None:
        """Counts a request by its outcome in metrics and statistics.

        Args:
            model: the name that it gave, of any text.
            version: the version that it used; None: it got none.
            code: its outcome.
            refusal: why there is no prediction, for the statistics, where that is more than the code.
        """
        # Each name would add a line to the metrics for good, and a file to the statistics.
        known = model in self._models
        self.metrics.count_request(model if known else "", code)
        if known and (refusal or code != Code.OK) and self.statistics is not None:
            self.statistics.refused(model, version, refusal or code.name)

    def status(self, spec: ModelSpec) -> list[VersionStatus]:
        """Returns the states of a model's versions, the newest first; the label is ignored, as in TensorFlow Serving.

        Raises:
            ServingError: there is no such model or version (NOT_FOUND).
        """
        statuses = self._models[spec.name].statuses if spec.name in self._models else {}
        if spec.version is None:
            if not statuses:
                raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
            return [statuses[number] for number in sorted(statuses, reverse=True)]
        if spec.version not in statuses:
            raise ServingError(Code.NOT_FOUND, f"Could not find version {spec.version} of model {spec.name}")
        return [statuses[spec.version]]

    async def reload(self, config: Any) -> None:
        """Serves the models of a ModelServerConfig message instead: new ones are loaded first, then others released.

        Raises:
            ServingError: with TensorFlow Serving's text; the models stay as they are, but for a new label that names no
                version: then the new models are served with the old labels.
        """
        wanted = {one.name: one for one in model_configs(config)}
        # Goes on when the client gives up, as in TensorFlow Serving.
        task = asyncio.get_running_loop().create_task(self._reload(wanted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _reload(self, wanted: Mapping[str, ModelConfig]) -> None:
        async with self._reloading:
            # A label that exists moves only to a version that is in service already; a new one may name a version that
            # this configuration brings, as with --allow_version_labels_for_unavailable_models.
            for name, one in wanted.items():
                existing = self._labels.get(name, {})
                self._check_labels(one, {label: number for label, number in one.labels.items() if label in existing})
            models = {name: self._existing(one) or ServedModel(one, self._loader.load) for name, one in wanted.items()}
            before = {name: model.config for name, model in self._models.items()}
            for name, model in models.items():
                model.config = wanted[name]
            try:
                await self._wait_until_settled(models.values())
            except BaseException:
                for name, model in models.items():
                    if self._models.get(name) is model:
                        model.config = before[name]
                    else:
                        model.release_all()
                raise
            released = [model for name, model in self._models.items() if models.get(name) is not model]
            self._models = models
            for model in released:
                model.release_all()
            self._assign_labels(wanted.values())

    def _existing(self, config: ModelConfig) -> ServedModel | None:
        """Returns the model of a configuration if it is served from the same folder."""
        model = self._models.get(config.name)
        return model if model is not None and model.config.base_path == config.base_path else None

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            for model in list(self._models.values()):
                before = dict(model.statuses)
                try:
                    await self._poll(model)
                    for number, status in model.statuses.items():
                        if status != before.get(number):
                            _log_change(model, status)
                except OSError as error:  # What is loaded stays in service.
                    _logger.warning("%s: cannot be listed (%s)", model.config.base_path, error.strerror)
                except Exception:
                    _logger.exception("cannot look for new versions of %s", model.config.name)

    async def _poll(self, model: ServedModel) -> None:
        async with self._polling:
            await model.poll()

    async def _wait_until_settled(self, models: Collection[ServedModel]) -> None:
        """Polls until every model has a version in service.

        Raises:
            ServingError: none of a model's versions can be loaded, or its folder has none.
        """
        for model in models:
            for attempt in range(_MOST_POLLS):
                if attempt:
                    await asyncio.sleep(min(self._poll_seconds, _FIRST_POLL_SECONDS))
                try:
                    await self._poll(model)
                except OSError as error:
                    raise ServingError(
                        Code.NOT_FOUND, f"{model.config.base_path}: cannot be listed ({error.strerror})"
                    ) from error
                if attempt and model.is_settled:
                    break
            if not model.available:
                raise ServingError(*_why_unavailable(model))

    def _check_labels(self, config: ModelConfig, labels: Mapping[str, int]) -> None:
        available = self._models[config.name].available if config.name in self._models else []
        for number in labels.values():
            if number not in available:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {config.name}, which is not currently "
                    "available for inference",
                )

    def _assign_labels(self, configs: Iterable[ModelConfig]) -> None:
        labels = {}
        for config in configs:
            self._check_labels(config, config.labels)
            labels[config.name] = config.labels
        self._labels = labels


def _log_change(model: ServedModel, status: VersionStatus) -> None:
    if status.message:
        _logger.warning("%s", status.message)
    elif status.state in ("AVAILABLE", "UNLOADING"):
        what = "is served" if status.state == "AVAILABLE" else "is no longer served"
        _logger.info("%s: version %d %s", model.config.name, status.version, what)


# Waits 20 seconds for a version that is still being copied when the server starts.
_FIRST_POLL_SECONDS, _MOST_POLLS = 0.2, 100


def _why_unavailable(model: ServedModel) -> tuple[Code, str]:
    failed = [one for one in model.statuses.values() if one.code != Code.OK]
    if failed:
        newest = max(failed, key=lambda one: one.version)
        return newest.code, newest.message
    base_path = model.config.base_path
    return Code.NOT_FOUND, f"{base_path}: no complete version; wait until it is copied, or name another folder"
