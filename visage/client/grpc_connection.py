"""Sends gRPC calls over one channel, by grpcio: a thread's and asyncio's."""

import os
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from visage.client.address import Address
from visage.client.decimals import decimal
from visage.client.errors import ClientError, no_response
from visage.client.grpc_protocol import GrpcCall, Method
from visage.errors import VisageError
from visage.proxies import is_this_machine

# gRPC's own retries would multiply those of visage.client.retries; and a channel that was refused once would not look
# again for longer and longer, up to two minutes.
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
# Begins the details of a call that no server took.
_NOT_CONNECTED = ("failed to connect to all addresses", "DNS resolution failed", "Socket closed", "recvmsg:")
# Of gRFC A6: milliseconds until the server wants the call again; negative: never.
_PUSHBACK = "grpc-retry-pushback-ms"


class GrpcConnection:
    """The channel of one client; several threads may send."""

    def __init__(self, address: Address, api_key: str | None, certificates: Path | None) -> None:
        self._address = address
        self._metadata = _metadata(api_key)
        options = _options(address)
        if address.is_secure:
            self._channel = grpc.secure_channel(address.target, _credentials(certificates), options)
        else:
            self._channel = grpc.insecure_channel(address.target, options)
        self._methods: dict[Method, Any] = {}

    def send(self, call: GrpcCall, timeout: float) -> Any:
        """Sends a request and returns the response message.

        Raises:
            ClientError: there is no response within `timeout` seconds, or it is an error.
        """
        method = self._methods.get(call.method)
        if method is None:
            method = self._methods[call.method] = _callable(self._channel, call.method)
        try:
            return method(call.request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _client_error(self._address, error, timeout) from error

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()


class AsyncGrpcConnection:
    """The same for asyncio; belongs to the loop that sends first."""

    def __init__(self, address: Address, api_key: str | None, certificates: Path | None) -> None:
        self._address = address
        self._metadata = _metadata(api_key)
        self._credentials = _credentials(certificates) if address.is_secure else None
        self._channel: Any = None
        self._methods: dict[Method, Any] = {}

    async def send(self, call: GrpcCall, timeout: float) -> Any:
        """Sends a request, as `GrpcConnection.send` does."""
        if self._channel is None:
            self._channel = self._open()
        method = self._methods.get(call.method)
        if method is None:
            method = self._methods[call.method] = _callable(self._channel, call.method)
        try:
            return await method(call.request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _client_error(self._address, error, timeout) from error

    async def close(self) -> None:
        """Closes the channel."""
        if self._channel is not None:
            await self._channel.close()

    def _open(self) -> Any:
        """Opens the channel in the running loop."""
        options = _options(self._address)
        if self._credentials is not None:
            return grpc.aio.secure_channel(self._address.target, self._credentials, options)
        return grpc.aio.insecure_channel(self._address.target, options)


def _callable(channel: Any, method: Method) -> Any:
    return channel.unary_unary(
        method.path,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=method.response.FromString,
    )


def _metadata(api_key: str | None) -> tuple[tuple[str, str], ...]:
    return () if api_key is None else (("authorization", f"Bearer {api_key}"),)


def _options(address: Address) -> list[tuple[str, Any]]:
    here = is_this_machine(f"http://{address.host}")
    return [*_OPTIONS, *([("grpc.enable_http_proxy", 0)] if here else [])]


def _credentials(certificates: Path | None) -> grpc.ChannelCredentials:
    # As for https; without either, gRPC's own list.
    file = certificates or os.environ.get("SSL_CERT_FILE")
    try:
        return grpc.ssl_channel_credentials(Path(file).read_bytes() if file else None)
    except OSError as error:
        raise VisageError(f"{file}: no certificates ({error.strerror}); give a PEM file") from error


def _client_error(address: Address, error: Any, timeout: float) -> ClientError:
    code, details = error.code().name, error.details() or ""
    # gRPC's own text; that of a server has a cause.
    if code == "DEADLINE_EXCEEDED" and "deadline exceeded" in details.lower():
        return ClientError(address.url, code, f"no response within {timeout:.3g} s")
    if code == "UNAVAILABLE" and details.startswith(_NOT_CONNECTED):
        return no_response(address, details.rpartition(": ")[2])
    pushback = next((value for key, value in error.trailing_metadata() or () if key == _PUSHBACK), None)
    milliseconds = decimal(pushback)
    wanted = None if milliseconds is None else milliseconds / 1000
    # A server that ends cancels what it has not begun. RESOURCE_EXHAUSTED without a time may mean a message that is too
    # large at any time.
    may_retry = (code in ("UNAVAILABLE", "CANCELLED") and (pushback is None or wanted is not None)) or (
        code == "RESOURCE_EXHAUSTED" and wanted is not None
    )
    return ClientError(address.url, code, details or code, may_retry=may_retry, retry_after=wanted)
