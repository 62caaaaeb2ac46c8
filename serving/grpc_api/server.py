"""Serves TensorFlow Serving's gRPC API, on grpcio's asyncio server."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from serving.core.limits import Limits
from serving.core.model_server import ModelServer
from serving.grpc_api.calls import Calls
from serving.grpc_api.health import Health
from serving.grpc_api.model_service import ModelService
from serving.grpc_api.prediction_service import PredictionService
from visage.errors import VisageError

_HANDSHAKE_SECONDS = 10
_PING_AFTER_SECONDS = 30
_PING_ANSWER_SECONDS = 10
_CLIENT_PINGS_AT_MOST_EVERY_SECONDS = 5


class GrpcServer:
    """A server for the running event loop.

    Attributes:
        calls: those that it answers.
    """

    def __init__(self, server: grpc.aio.Server, calls: Calls, health: Health) -> None:
        self.calls = calls
        self._server = server
        self._health = health

    def add_port(self, host: str, port: int, credentials: grpc.ServerCredentials | None = None) -> int:
        """Listens on an address, from `start` on.

        Args:
            host: an address or a name; IPv6 without brackets.
            port: 0 for a free one.
            credentials: the certificate and key of TLS; None: without encryption.

        Returns:
            The port.

        Raises:
            VisageError: the address cannot be listened on.
        """
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if credentials is None:
                found = self._server.add_insecure_port(address)
            else:
                found = self._server.add_secure_port(address, credentials)
        except RuntimeError:
            found = 0
        if not found:
            raise VisageError(
                f"{address} cannot be listened on for gRPC, perhaps because it is in use; name another --host, or let "
                "--grpc-port 0 choose"
            )
        return found

    async def start(self) -> None:
        """Answers calls from now on."""
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Refuses new calls, and cancels those that have no answer after the grace period."""
        self._health.close()
        await self._server.stop(grace_seconds)


def make_grpc_server(server: ModelServer, api_keys: Sequence[str] = ()) -> GrpcServer:
    """Returns a server of both of TensorFlow Serving's services and of gRPC's health checks; call it in the event loop.

    Half-open connections are found by pings; two servers never share one port.

    Args:
        server: the models, and the limits of what is taken at once.
        api_keys: callers must send one of them, as `authorization: Bearer KEY` or as `x-api-key: KEY`; health checks
            need none. Empty: nobody needs one.
    """
    calls = Calls(server, api_keys)
    health = Health(server)
    grpc_server = grpc.aio.server(
        handlers=[
            PredictionService(server).handlers(calls),
            ModelService(server).handlers(calls),
            health.handlers(),
        ],
        options=_channel_options(server.limits),
    )
    return GrpcServer(grpc_server, calls, health)


def _channel_options(limits: Limits) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", limits.header_bytes),
        ("grpc.absolute_max_metadata_size", limits.header_bytes),
        ("grpc.max_allowed_incoming_connections", limits.connections),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_SECONDS * 1000),
        ("grpc.keepalive_time_ms", _PING_AFTER_SECONDS * 1000),
        ("grpc.keepalive_timeout_ms", _PING_ANSWER_SECONDS * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _CLIENT_PINGS_AT_MOST_EVERY_SECONDS * 1000),
        ("grpc.so_reuseport", 0),
    ]
