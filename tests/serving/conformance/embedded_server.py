"""Serves a `models.config` by both front ends until SIGTERM, and prints the ports as one line of JSON.

    python -m tests.serving.conformance.embedded_server MODELS_CONFIG
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

import uvicorn

from serving.core.model_config import read_models_config
from serving.core.model_server import ModelServer
from serving.grpc_api.server import make_grpc_server
from serving.rest.app import RestApp


async def serve(config: Path) -> None:
    """Serves until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    models = ModelServer(read_models_config(config), poll_seconds=0.2)
    await models.start()
    grpc_server = make_grpc_server(models, models.limits)
    grpc_port = grpc_server.add_port("127.0.0.1", 0)
    await grpc_server.start()
    rest = uvicorn.Server(uvicorn.Config(RestApp(models), port=0, log_level="warning", loop="asyncio"))
    serving = asyncio.create_task(rest.serve())
    while not rest.started:
        await asyncio.sleep(0.01)
    rest_port = rest.servers[0].sockets[0].getsockname()[1]
    print(json.dumps({"rest": rest_port, "grpc": grpc_port}), flush=True)
    await ended.wait()
    rest.should_exit = True
    await serving
    await grpc_server.stop(5)
    await models.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
