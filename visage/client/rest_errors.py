"""Turns statuses of HTTP and errors of connections into ClientErrors."""

import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import httpx

from visage.client.address import Address
from visage.client.decimals import decimal
from visage.client.errors import ClientError, no_response
from visage.errors import shortened

# The reverse of TensorFlow Serving's table, in which several codes have the statuses 400 and 500.
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    # Of a proxy whose server is away; gRPC's own table has the same.
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def checked(address: Address, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """Returns the body of a success.

    Raises:
        ClientError: the status is another one.
    """
    if status == 200:
        return body
    client_error = "INVALID_ARGUMENT" if 400 <= status < 500 else "UNKNOWN"
    code = _CODES.get(status, client_error)
    retry_after = _seconds(headers.get("retry-after"))
    # 429 without a time may mean a request that is too large at any time.
    may_retry = code == "UNAVAILABLE" or (code == "RESOURCE_EXHAUSTED" and retry_after is not None)
    message = _message(body) or f"unexpected response, status {status}"
    raise ClientError(address.url, code, message, may_retry=may_retry, retry_after=retry_after)


def connection_error(address: Address, error: httpx.HTTPError, timeout: float, has_begun: bool) -> ClientError:
    """Returns the ClientError of a request without a whole response.

    Args:
        address: where it was sent.
        error: httpx's error.
        timeout: seconds that the request had.
        has_begun: whether the response had begun.
    """
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return ClientError(address.url, "DEADLINE_EXCEEDED", f"no response within {timeout:.3g} s")
    reason = _reason(error)
    if has_begun:
        return ClientError(address.url, "UNAVAILABLE", f"the connection broke in the middle of the response ({reason})")
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return ClientError(address.server, "UNAVAILABLE", f"no secure connection ({reason}); give its certificates")
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return ClientError(address.server, "UNAVAILABLE", f"the response is no HTTP ({reason}); is this the REST port?")
    return no_response(address, reason)


def _message(body: bytes) -> str:
    """Returns the text of TensorFlow Serving's error, or of another server's page."""
    text = body.decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
    except ValueError:
        return shortened(text)
    return str(document.get("error", "")) if isinstance(document, dict) else shortened(text)


def _seconds(retry_after: str | None) -> float | None:
    """Reads the header Retry-After, which has seconds or a date; None if it has neither."""
    if retry_after is None:
        return None
    seconds = decimal(retry_after)
    if seconds is not None:
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """Returns the system's words for an error, if they are among its causes."""
    for cause in reversed(list(_causes(error))):
        if isinstance(cause, ConnectionError) and cause.errno:
            # asyncio has words of its own.
            return os.strerror(cause.errno)
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return shortened(str(error)) or type(error).__name__
