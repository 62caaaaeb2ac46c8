"""Defines replies over HTTP: TensorFlow Serving's statuses, headers and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from starlette.types import Receive, Scope, Send

from serving.core.errors import Code, ServingError
from serving.rest.json_text import error_body

# model_servers/http_server.cc, ToHTTPStatusCode; 499 is nginx's "client closed request".
_STATUSES: Mapping[Code, int] = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.UNKNOWN: 500,
    Code.INTERNAL: 500,
    Code.DATA_LOSS: 500,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}
_CODES: Mapping[int, Code] = {
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.FAILED_PRECONDITION,
    413: Code.RESOURCE_EXHAUSTED,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    501: Code.UNIMPLEMENTED,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}
JSON = "application/json"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def code_of(status: int) -> Code:
    """Returns the code of gRPC that a status of HTTP is nearest to.

    >>> code_of(200).name, code_of(415).name, code_of(503).name
    ('OK', 'INVALID_ARGUMENT', 'UNAVAILABLE')
    """
    others = Code.OK if status < 400 else Code.INVALID_ARGUMENT if status < 500 else Code.INTERNAL
    return _CODES.get(status, others)


class HttpError(ServingError):
    """An error with a status that no code of gRPC maps to."""

    def __init__(self, status: HTTPStatus, code: Code, message: str) -> None:
        super().__init__(code, message)
        self.status = status


@dataclass(frozen=True)
class Reply:
    """One reply.

    Attributes:
        body: its content.
        code: the outcome for metrics and log.
        status: of HTTP.
        content_type: of the body; empty without one.
        headers: further ones.
        message: the error's text.
    """

    body: bytes
    code: Code = Code.OK
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = _NO_HEADERS
    message: str = ""


def error_reply(error: ServingError, headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
    """Returns the reply to a request that is refused or that failed."""
    status = int(error.status) if isinstance(error, HttpError) else _STATUSES[error.code]
    return Reply(error_body(error.message), error.code, status, headers=headers, message=error.message)


def text_reply(text: str, code: Code = Code.OK) -> Reply:
    """Returns plain text."""
    return Reply(text.encode(), code, _STATUSES[code], "text/plain", message="" if code == Code.OK else text)


# What libevent, the HTTP server of TensorFlow Serving, sends for a path that is not the API's.
NOT_FOUND = Reply(
    b"<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n",
    Code.NOT_FOUND,
    404,
    "text/html",
    {"Connection": "close"},
)


async def send_reply(send: Send, reply: Reply, headers: Mapping[str, str] = _NO_HEADERS) -> None:
    """Sends a reply with further headers."""
    fields = {"Content-Type": reply.content_type} if reply.content_type else {}
    fields |= {"Content-Length": str(len(reply.body)), **reply.headers, **headers}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body})


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends what TensorFlow Serving sends outside of `/v1/`: the default of a router for pages."""
    await send_reply(send, NOT_FOUND)
