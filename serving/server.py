"""The embedded server: TensorFlow Serving's REST routes for the pushed model, and a demo page."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from serving.demo import Demo
from serving.rest import RestApi, json_response
from serving.versions import ModelVersions
from visage.errors import VisageError
from visage.extras import check_installed
from visage.prediction.loaded_model import LoadedModel, find_model, load_model, metadata_of
from visage.prediction.photos import photo_detector
from visage.saved_model.identity import identify
from visage.saved_model.pushing.signing import check_keys, verify
from visage.saved_model.versions import SAVED_MODEL, version_number

POLL_SECONDS = 1.0
SHUTDOWN_SECONDS = 5

_logger = logging.getLogger(__name__)


def serve(
    base_path: Path,
    name: str,
    rest_port: int,
    host: str = "127.0.0.1",
    announce: Callable[[str], None] = lambda line: print(line, flush=True),
    public_key: Path | None = None,
) -> None:
    """Serves the newest version under `base_path` until Ctrl-C, and each newer version once it is pushed.

    Args:
        base_path: folder of the numbered versions.
        name: the model's name in the URLs.
        rest_port: TCP port; 0 for a free one.
        host: address to listen on; other machines can connect only if it is not 127.0.0.1.
        announce: receives one line with the address, the model and an example request; before it a warning if the
            model was trained on drawn portraits.
        public_key: PEM file; a version that it did not sign is not served. None: any version is served.

    Raises:
        VisageError: there is no model, `base_path` is itself a model, none can be loaded, the port is in use, or the
            key or the program that verifies is missing.
    """
    check_keys(None, public_key)
    _check_base_path(base_path)
    with _listen(host, rest_port) as listener:
        versions = ModelVersions(base_path, partial(load_verified, public_key) if public_key else load_model)
        model = _load_first(versions)
        for state in versions.states.values():
            if state.error:
                announce(f"warning: {state.error}; serving version {model.version}")
        identity = identify(model.metadata, name, model.version)
        if identity.warning is not None:
            announce(f"warning: {identity.warning}")
        address = _address(host, listener.getsockname()[1])
        announce(
            f"{name} at {address}/ ({identity.summary}; demo page; model: {address}/v1/models/{name}; Ctrl-C ends), "
            f"e.g. curl --data-binary @photo.jpg {address}/demo/predict"
        )
        config = uvicorn.Config(
            make_app(name, versions),
            # uvloop, where installed, would replace the signal wake-up of `pipeline.interruption`.
            loop="asyncio",
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        # After Ctrl-C or SIGTERM uvicorn shuts down and then raises the signal again for our own handler.
        uvicorn.Server(config).run(sockets=[listener])


def make_app(name: str, versions: ModelVersions, poll_seconds: float = POLL_SECONDS) -> Starlette:
    """Returns the application: routes, demo page, and a task that looks for new versions while it runs."""

    @asynccontextmanager
    async def watch(app: Starlette) -> AsyncIterator[None]:
        watcher = asyncio.create_task(_watch(versions, poll_seconds))
        try:
            yield
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def failed(request: Request, error: Exception) -> Response:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 500)

    routes = [RestApi(name, versions).route(), *Demo(name, versions).routes()]
    return Starlette(routes=routes, lifespan=watch, exception_handlers={Exception: failed})


async def _watch(versions: ModelVersions, poll_seconds: float) -> None:
    while True:
        await asyncio.sleep(poll_seconds)
        before = versions.states
        try:
            await asyncio.to_thread(versions.poll)
            for number, state in versions.states.items():
                # The older version stays in service.
                if state.error and before.get(number) != state:
                    _logger.warning("%s", state.error)
        except Exception:  # A folder that cannot be listed at the moment must not end the task.
            _logger.exception("cannot look for new versions")


def load_verified(public_key: Path, version: Path) -> LoadedModel:
    """Loads a version that the owner of a key signed.

    Raises:
        VisageError: it is not what the owner signed, or cannot be loaded.
    """
    verify(version, public_key)
    return load_model(version)


def _check_base_path(base_path: Path) -> None:
    if (base_path / SAVED_MODEL).is_file():
        whole = base_path.resolve()
        is_unnumbered = version_number(whole) is None
        wanted = "name a folder that holds it so" if is_unnumbered else f"name its parent {whole.parent}"
        raise VisageError(f"{base_path}: this is one version, not the folder of <number>/{SAVED_MODEL}; {wanted}")
    alignment = metadata_of(find_model(base_path)).alignment_settings()
    # Fails here, not at the first photo on the demo page.
    check_installed(photo_detector(alignment), "alignment.detector of the model")


def _load_first(versions: ModelVersions) -> LoadedModel:
    """Loads a version before the first request; two polls of the files detect a version that is still being copied."""
    versions.poll()
    for _ in range(30):
        time.sleep(POLL_SECONDS)
        versions.poll()
        errors = [state.error for state in versions.states.values() if state.error]
        if versions.current is not None:
            return versions.current
        if errors:
            raise VisageError(errors[0])
    raise VisageError(f"{versions.base_path}: the model is still being copied; wait until it is complete")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise VisageError(
            f"{host}:{port} cannot be listened on ({reason}); name another --host, or let --rest-port 0 choose"
        ) from error


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
