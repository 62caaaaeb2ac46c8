"""The embedded server: both of TensorFlow Serving's protocols for pushed models, and a demo page."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import grpc
import uvicorn
from starlette.routing import Router

from serving.core.errors import ServingError
from serving.core.limits import CORES, MIB, BatchLimits
from serving.core.model_server import ModelServer
from serving.core.model_spec import ModelSpec
from serving.demo import Demo
from serving.grpc_api.server import make_grpc_server
from serving.http_protocol import DrainingServer, TimedProtocol
from serving.options import ServeOptions, TlsFiles
from serving.request_statistics.statistics import RequestStatistics
from serving.rest.app import RestApp
from serving.rest.http import not_found
from serving.rest.options import RestOptions
from visage.errors import VisageError
from visage.extras import check_installed
from visage.prediction.loaded_model import find_model, metadata_of
from visage.prediction.photos import photo_detector
from visage.saved_model.identity import identify
from visage.saved_model.metadata import METADATA_FILE
from visage.saved_model.pushing.signing import check_keys, verify
from visage.saved_model.versions import SAVED_MODEL, version_number

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
# Of mallopt.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
# Together less than the time after which `pipeline.interruption` ends the process.
_DRAIN_SECONDS, _SHUTDOWN_SECONDS = 1.0, 4
# Between two requests on one connection, and for a request's header.
_KEEP_ALIVE_SECONDS = 30


def serve(options: ServeOptions, announce: Callable[[str], None] = lambda line: print(line, flush=True)) -> None:
    """Serves models until Ctrl-C or SIGTERM, and each newer version once it is pushed.

    Args:
        options: what is served, and how.
        announce: receives one line with the addresses, the model and an example request; before it a warning if the
            model was trained on drawn portraits.

    Raises:
        VisageError: there is no model, a base path is itself a model, none can be loaded, a port is in use, or the
            key or the program that verifies is missing.
    """
    _tune_process(options.batch_limits)
    check_keys(None, options.public_key)
    for model in options.models:
        _check_base_path(model.base_path)
    with listen(options.host, options.rest_port) as listener:
        received = asyncio.run(_serve(options, listener, announce))
    if received is not None:
        # For the handler of the caller, now that everything is written and released.
        signal.raise_signal(received)


async def _serve(options: ServeOptions, listener: socket.socket, announce: Callable[[str], None]) -> int | None:
    """Serves until a signal, which it returns."""
    server = make_model_server(options)
    grpc_server = make_grpc_server(server, options.api_keys)
    http_server = make_http_server(server, options, lambda: grpc_server.stop(_SHUTDOWN_SECONDS))
    try:
        grpc_port = grpc_server.add_port(options.host, options.grpc_port, _grpc_credentials(options.tls))
        await _start(server)
        await grpc_server.start()
        for line in _announcement(server, options, listener.getsockname()[1], grpc_port):
            announce(line)
        await http_server.serve([listener])
    finally:
        # grpcio never returns from the garbage collection of a server that still accepts calls.
        await grpc_server.stop(grace_seconds=0)
        if server.statistics is not None:
            server.statistics.close()
        await server.close()
    return http_server.received


def make_model_server(options: ServeOptions) -> ModelServer:
    """Returns the models, not yet loaded.

    Raises:
        VisageError: the folder for statistics cannot be written.
    """
    public_key = options.public_key
    return ModelServer(
        options.models,
        options.limits,
        options.batch_limits,
        check=lambda folder: verify(folder, public_key) if public_key else None,
        statistics=RequestStatistics(options.statistics) if options.statistics else None,
    )


async def _start(server: ModelServer) -> None:
    try:
        await server.start()
    except ServingError as error:
        raise VisageError(error.message) from error


def make_http_server(
    server: ModelServer, options: ServeOptions, stop_others: Callable[[], Awaitable[None]]
) -> DrainingServer:
    """Returns the server of REST and the demo page; `stop_others` stops what serves beside it."""
    demo = Demo(server, options.models[0].name, options.samples, needs_key=bool(options.api_keys))
    app = RestApp(
        server,
        RestOptions(api_keys=options.api_keys, metrics_path=options.metrics_path),
        pages=Router(demo.routes(), default=not_found),
        is_open=demo.is_open,
    )

    class Protocol(TimedProtocol):
        most_connections = options.limits.connections

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        # uvloop, where installed, would replace the signal wake-up of `pipeline.interruption`.
        loop="asyncio",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=options.limits.header_bytes,
        ssl_certfile=options.tls.certificate if options.tls else None,
        ssl_keyfile=options.tls.key if options.tls else None,
    )

    def begin_to_end() -> None:
        server.begin_to_end()
        app.ending = True

    return DrainingServer(config, begin_to_end, stop_others, app.close, _DRAIN_SECONDS)


def _tune_process(limits: BatchLimits) -> None:
    """Divides the cores among the threads that run batches, keeps little freed memory, and allows many connections."""
    # On 2 cores a network of 2.9 ms takes 1.7 ms with one thread: the threads of one operation wait for each other.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, CORES // limits.num_batch_threads)))
    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # glibc raises its threshold with each large block, and then keeps the blocks of freed requests for itself.
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, MIB)
        # Each thread would otherwise keep freed memory of its own.
        mallopt(_M_ARENA_MAX, 2)


def _announcement(server: ModelServer, options: ServeOptions, rest_port: int, grpc_port: int) -> list[str]:
    """Returns the warnings about versions and models, then a line for each model."""
    scheme = "https" if options.tls else "http"
    address = f"{scheme}://{_shown(options.host)}:{rest_port}"
    lines = []
    if not options.api_keys and options.host not in _THIS_MACHINE:
        lines.append(
            f"warning: {options.host} without --api-keys: every client may send images and reload the configuration"
        )
    for name in server.names:
        with server.acquire(ModelSpec(name)) as servable:
            broken = [one.message for one in server.status(ModelSpec(name)) if one.message]
            lines += [f"warning: {message}; serving version {servable.version}" for message in broken]
            if servable.metadata is None:
                summary = f"version {servable.version}"
            else:
                identity = identify(servable.metadata, name, servable.version)
                summary = identity.summary
                lines += [f"warning: {identity.warning}"] if identity.warning else []
        lines.append(
            f"{name} at {address}/ ({summary}; demo page; model: {address}/v1/models/{name}; "
            f"gRPC: {_shown(options.host)}:{grpc_port}; Ctrl-C ends), "
            f"e.g. curl --data-binary @photo.jpg {address}/demo/predict"
        )
    return lines


def _check_base_path(base_path: Path) -> None:
    if (base_path / SAVED_MODEL).is_file():
        whole = base_path.resolve()
        is_unnumbered = version_number(whole) is None
        wanted = "name a folder that holds it so" if is_unnumbered else f"name its parent {whole.parent}"
        raise VisageError(f"{base_path}: this is one version, not the folder of <number>/{SAVED_MODEL}; {wanted}")
    version = find_model(base_path)
    if (version / METADATA_FILE).exists():
        # Fails here, not at the first photo on the demo page.
        check_installed(photo_detector(metadata_of(version).alignment_settings()), "alignment.detector of the model")


def _grpc_credentials(tls: TlsFiles | None) -> grpc.ServerCredentials | None:
    if tls is None:
        return None
    try:
        # gRPC reports a wrong file as an address that cannot be listened on.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key)
        return grpc.ssl_server_credentials([(tls.key.read_bytes(), tls.certificate.read_bytes())])
    except ssl.SSLError as error:
        raise VisageError(
            f"{tls.certificate}, {tls.key}: no certificate with its key in PEM format ({error.reason}); name others"
        ) from error
    except OSError as error:
        raise VisageError(f"{tls.certificate}, {tls.key}: cannot be read ({error.strerror}); name others") from error


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; the address is free again once it is closed.

    Raises:
        VisageError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets whose protocol is known; socket.create_server leaves it 0, and Nagle's
    # algorithm then delays each answer on a kept connection by 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = str(error.strerror).partition(" (")[0]
        raise VisageError(
            f"{host}:{port} cannot be listened on ({reason}); name another --host, or let --rest-port 0 choose"
        ) from error
    return listener


def _shown(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
