"""Runs the HTTP server of `visage serve`, without gRPC, in a thread of the test's process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from serving.core.model_server import ModelServer
from serving.options import ServeOptions
from serving.request_statistics.statistics import RequestStatistics
from serving.rest.app import RestApp
from serving.server import listen, make_http_server
from tests.helpers.limits import wait_until


@dataclass
class RunningHttp:
    """A server at `url`."""

    url: str
    port: int
    app: RestApp
    models: ModelServer
    loop: asyncio.AbstractEventLoop = field(repr=False)


@contextmanager
def run_http(options: ServeOptions, *, loaded: bool = True) -> Iterator[RunningHttp]:
    """Serves models inside the `with` block.

    Args:
        options: of `visage serve`; ports and host are not used.
        loaded: whether the models are loaded before the first request; False: they never are.
    """
    started = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        statistics = RequestStatistics(options.statistics) if options.statistics else None
        models = ModelServer(options.models, options.limits, statistics=statistics, poll_seconds=0.05)
        if loaded:
            await models.start()
        http = make_http_server(models, options, lambda: asyncio.sleep(0))
        with listen("127.0.0.1", 0) as listener:
            port = listener.getsockname()[1]
            app: Any = http.config.app
            found["running"] = RunningHttp(f"http://127.0.0.1:{port}", port, app, models, asyncio.get_running_loop())
            found["http"] = http
            started.set()
            await http.serve([listener])
        await models.close()
        if statistics is not None:
            statistics.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    wait_until(lambda: started.is_set() or not thread.is_alive(), "a server that listens")
    wait_until(lambda: not thread.is_alive() or found["http"].started, "a server that accepts")
    assert thread.is_alive()
    yield found["running"]
    found["http"].force_exit = found["http"].should_exit = True
    thread.join()
