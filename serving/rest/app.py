"""The REST front end as one ASGI application: routes, limits, keys, metrics, health and the access log."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api_keys import ApiKeys
from serving.core.errors import Code, ServingError
from serving.core.model_server import ModelServer
from serving.rest.body import BodiesInFlight, Body, discard_body
from serving.rest.http import Reply, code_of, error_reply, not_found, send_reply, text_reply
from serving.rest.inference import Inference
from serving.rest.interruption import ClientDisconnectError, Interruption
from serving.rest.model_json import metadata_body, status_body, visage_body
from serving.rest.options import RestOptions
from serving.rest.paths import Target, find_target, is_api, raw_path
from serving.rest.request_record import AccessRecord

_CLIENT_CLOSED_REQUEST = 499
_MOST_SENDING_SECONDS = 30.0
_CLOSE = MappingProxyType({"Connection": "close"})
_OF_THE_BODY = ("content-type", "content-length")
_ORIGIN = re.compile(rb"https?://")

_logger = logging.getLogger(__name__)


class RestApp:
    """TensorFlow Serving's REST API, `/healthz`, `/readyz`, metrics, and pages of others behind the same limits.

    Attributes:
        ending: whether each reply from now on closes its connection, so that clients go to another server.
    """

    def __init__(
        self,
        server: ModelServer,
        options: RestOptions | None = None,
        pages: ASGIApp = not_found,
        is_open: Callable[[str], bool] = lambda path: False,
    ) -> None:
        """Creates the application.

        Args:
            server: its models; `server.limits` holds for every request.
            options: what the operator chose.
            pages: runs requests of every other path; gets the whole body at once, and the AccessRecord as
                `scope["state"]["record"]`. A request whose model it records there is counted as a prediction.
            is_open: returns whether GET of a path of a page needs no key; such a request has no body for the page.
        """
        self.ending = False
        self._server = server
        self._options = options or RestOptions()
        self._pages = pages
        self._is_open = is_open
        self._keys = ApiKeys(self._options.api_keys)
        self._bodies = BodiesInFlight(server.limits)
        self._inference = Inference(server)

    def close(self) -> None:
        """Ends its threads."""
        self._inference.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs one request and sends the reply."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        path = raw_path(scope)
        client = scope.get("client")
        record = AccessRecord(scope["method"], client[0] if client else "", path=path)
        headers = dict(scope["headers"])
        counted = _Counted(send, record, self)
        try:
            await self._respond(scope, path, headers, receive, counted, record)
        except ClientDisconnectError:
            record.status, record.code = _CLIENT_CLOSED_REQUEST, Code.CANCELLED
        except ServingError as error:
            # Clients that are still sending would not look for the reply, and lose it when the connection closes.
            await discard_body(headers, receive)
            await self._send(counted, error_reply(error, _CLOSE), record)
        except asyncio.CancelledError:
            record.status, record.code = _CLIENT_CLOSED_REQUEST, Code.CANCELLED
            raise
        except Exception:
            _logger.exception("%s %s failed", record.method, path)
            if counted.started:
                raise
            await self._send(counted, error_reply(ServingError(Code.INTERNAL, "internal error"), _CLOSE), record)
        finally:
            record.log()

    async def _respond(
        self,
        scope: Scope,
        path: str,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        send: _Counted,
        record: AccessRecord,
    ) -> None:
        place = path.partition("?")[0]
        if place == "/healthz":
            await self._send(send, text_reply("ok\n"), record)
            return
        if place == "/readyz":
            await self._send(send, self._readiness(), record)
            return
        api = is_api(path)
        if not api and scope["method"] in ("GET", "HEAD") and self._is_open(place):
            await self._send(send, await self._page(scope, b"", receive, record), record)
            return
        # A browser sends OPTIONS without a key to find out whether it may send one.
        if not (api and scope["method"] == "OPTIONS"):
            self._keys.check(headers.get(b"authorization", b""), headers.get(b"x-api-key", b""))
        with self._bodies.body() as body:
            try:
                content = await body.read(headers, receive, self._seconds_left(record))
            finally:
                record.received_bytes = body.received
            if place == self._options.metrics_path:
                reply = self._metrics(path)
            elif api:
                reply = await self._api(path, headers, content, body, receive, record)
            else:
                reply = await self._page(scope, content, receive, record)
        # Outside of the block: a client that is slow to take its reply holds no part of the limit.
        await self._send(send, reply, record)

    async def _api(
        self,
        path: str,
        headers: Mapping[bytes, bytes],
        content: bytes,
        body: Body,
        receive: Receive,
        record: AccessRecord,
    ) -> Reply:
        if record.method == "OPTIONS":
            return _preflight(headers)
        try:
            target = find_target(record.method, path)
            record.model = target.spec.name
            if record.method == "GET":
                return Reply(self._describe(target, record))
            return Reply(await self._infer(target, headers, content, body, receive, record))
        except ServingError as error:
            return error_reply(error)

    def _describe(self, target: Target, record: AccessRecord) -> bytes:
        if target.what == "status":
            return status_body(self._server.status(target.spec))
        with self._server.acquire(target.spec) as servable:
            record.version = servable.version
            return metadata_body(servable) if target.what == "metadata" else visage_body(servable)

    async def _infer(
        self,
        target: Target,
        headers: Mapping[bytes, bytes],
        content: bytes,
        body: Body,
        receive: Receive,
        record: AccessRecord,
    ) -> bytes:
        with self._counted(record, target.what, "REST"), self._interruption(record, receive):
            if b"gzip" in headers.get(b"content-encoding", b""):
                content = await self._inference.run(partial(body.inflate, content))
                body.reserve(len(content))
            return await self._inference.reply_body(target, content, record)

    async def _page(self, scope: Scope, content: bytes, receive: Receive, record: AccessRecord) -> Reply:
        collected = _Collected()
        try:
            with self._counted(record, "predict", "DEMO"), self._interruption(record, receive):
                await self._pages({**scope, "state": {"record": record}}, _Replayed(content, receive), collected)
                record.code = code_of(collected.status)
        except ServingError as error:
            return error_reply(error)
        return collected.reply(record.message)

    @contextmanager
    def _counted(self, record: AccessRecord, api: str, entrypoint: str) -> Iterator[None]:
        """Counts the `with` block as a request for the model that it records, if it records one.

        Args:
            record: has the model, the version and the code after the block.
            api: for the latency, as `Metrics.observe_latency` takes it.
            entrypoint: the same.
        """
        code = Code.CANCELLED
        try:
            yield
            code = record.code
        except ServingError as error:
            code = error.code
            raise
        except ClientDisconnectError:
            raise
        except Exception:
            code = Code.INTERNAL
            raise
        finally:
            if record.model:
                self._server.count_request(record.model, record.version, code, record.refusal)
        if record.model and code == Code.OK:
            self._server.metrics.observe_latency(record.model, api, entrypoint, record.seconds)

    def _interruption(self, record: AccessRecord, receive: Receive) -> Interruption:
        late = ServingError(Code.DEADLINE_EXCEEDED, "the time limit of this request is over; send fewer images")
        return Interruption(self._seconds_left(record), late, receive)

    def _readiness(self) -> Reply:
        return text_reply("ready\n") if self._server.ready else text_reply("not ready\n", Code.UNAVAILABLE)

    def _metrics(self, path: str) -> Reply:
        wanted = self._options.metrics_path
        if path != wanted:
            return text_reply(f"Unexpected path: {path}. Should be {wanted}", Code.INVALID_ARGUMENT)
        return text_reply(self._server.metrics.text())

    def _seconds_left(self, record: AccessRecord) -> float:
        return max(0.0, self._server.limits.request_seconds - record.seconds)

    async def _send(self, send: _Counted, reply: Reply, record: AccessRecord) -> None:
        record.code, record.message = reply.code, reply.message
        await send_reply(send, reply)


class _Counted:
    """Sends a reply, and keeps its status and size for the log."""

    def __init__(self, send: Send, record: AccessRecord, app: RestApp) -> None:
        self._send = send
        self._record = record
        self._app = app

    @property
    def started(self) -> bool:
        """Returns whether the status is sent."""
        return self._record.status != 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record.status = message["status"]
            if self._app.ending:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        self._record.sent_bytes += len(message.get("body", b""))
        # The HTTP server waits here, without a limit of its own, for a client that takes nothing.
        with Interruption(_MOST_SENDING_SECONDS, ClientDisconnectError()):
            await self._send(message)


class _Collected:
    """Keeps the reply of a page, so that it is sent when the request holds no part of the limits any more."""

    def __init__(self) -> None:
        self.status = 0
        self._headers: dict[str, str] = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        self._body += message.get("body", b"")

    def reply(self, message: str) -> Reply:
        """Returns it, with an error's text for the log."""
        headers = {name: value for name, value in self._headers.items() if name not in _OF_THE_BODY}
        kind = self._headers.get("content-type", "")
        return Reply(self._body, code_of(self.status), self.status, kind, headers, message)


class _Replayed:
    """Gives a body that was read already, then what the client does next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _preflight(headers: Mapping[bytes, bytes]) -> Reply:
    """Returns TensorFlow Serving's reply to OPTIONS, which depends neither on the path nor on whether CORS is on."""
    if _ORIGIN.search(headers.get(b"origin", b"")):
        return Reply(b"", content_type="")
    return Reply(b"", Code.FAILED_PRECONDITION, 400, content_type="")
