"""Sends REST calls over connections that stay open, by httpx: a thread's and asyncio's."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx

from visage.client.address import Address
from visage.client.errors import ClientError
from visage.client.request_time import bound_requests
from visage.client.rest_errors import checked, connection_error
from visage.client.rest_protocol import HttpCall
from visage.errors import VisageError
from visage.proxies import is_this_machine

# A host that does not respond at all; the rest of the time is for another attempt.
_CONNECT_SECONDS = 10.0
# Less than the idle time after which routers forget a connection.
_KEEP_SECONDS = 60.0


class HttpConnection:
    """Connections of one client; several threads may send."""

    def __init__(self, address: Address, api_key: str | None, certificates: Path | None) -> None:
        self._address = address
        self._client = httpx.Client(**_options(address, api_key, certificates))
        self._time = bound_requests(self._client)

    def send(self, call: HttpCall, timeout: float) -> bytes:
        """Sends a request and returns the body of the response.

        Raises:
            ClientError: there is no whole response within `timeout` seconds, or it is an error.
        """
        has_begun = False
        self._time.start(timeout)
        try:
            with self._client.stream(call.method, call.url, content=call.body, timeout=_timeout(timeout)) as response:
                has_begun = True
                body = response.read()
        except httpx.HTTPError as error:
            raise connection_error(self._address, error, timeout, has_begun) from error
        return checked(self._address, response.status_code, response.headers, body)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


class AsyncHttpConnection:
    """The same for asyncio; belongs to the loop that sends first."""

    def __init__(self, address: Address, api_key: str | None, certificates: Path | None) -> None:
        self._address = address
        self._client = httpx.AsyncClient(**_options(address, api_key, certificates))

    async def send(self, call: HttpCall, timeout: float) -> bytes:
        """Sends a request, as `HttpConnection.send` does."""
        try:
            return await asyncio.wait_for(self._send(call, timeout), timeout)
        except asyncio.TimeoutError as error:
            raise ClientError(self._address.url, "DEADLINE_EXCEEDED", f"no response within {timeout:.3g} s") from error

    async def _send(self, call: HttpCall, timeout: float) -> bytes:
        has_begun = False
        request = self._client.build_request(call.method, call.url, content=call.body, timeout=_timeout(timeout))
        try:
            response = await self._client.send(request, stream=True)
            has_begun = True
            try:
                body = await response.aread()
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise connection_error(self._address, error, timeout, has_begun) from error
        return checked(self._address, response.status_code, response.headers, body)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def _options(address: Address, api_key: str | None, certificates: Path | None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    return {
        "headers": headers,
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEP_SECONDS),
        # The environment's proxies.
        "trust_env": not is_this_machine(address.server),
        "verify": _tls(certificates) if address.is_secure else False,
    }


def _tls(certificates: Path | None) -> ssl.SSLContext:
    try:
        # Without a file the system's, or those of SSL_CERT_FILE.
        return ssl.create_default_context(cafile=certificates)
    except (OSError, ssl.SSLError) as error:
        raise VisageError(f"{certificates}: no certificates ({error.strerror or error}); give a PEM file") from error


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
