"""Logs each request as one line of JSON, without what was sent in it."""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import dataclass, field

from serving.core.errors import Code

logger = logging.getLogger("serving.access")
"""Whose level INFO shows the lines."""


@dataclass
class RequestRecord:
    """One request over either protocol, filled in while it runs.

    Attributes:
        method: of HTTP, or the full name of gRPC's.
        peer: address of the client.
        started: time.perf_counter() at its first byte.
        code: how it ended.
        received_bytes: size of its body or message.
        sent_bytes: size of the reply's.
        model: the name that it gave; empty if it gave none.
        version: the version that ran; None if none did.
        signature: the signature that ran; empty if none did.
        rows: of its inputs; None if it got none.
        message: the error's text, of which the log has the part that quotes nothing.
    """

    method: str
    peer: str
    started: float = field(default_factory=time.perf_counter)
    code: Code = Code.OK
    received_bytes: int = 0
    sent_bytes: int = 0
    model: str = ""
    version: int | None = None
    signature: str = ""
    rows: int | None = None
    message: str = ""

    @property
    def seconds(self) -> float:
        """Returns the time since its first byte."""
        return time.perf_counter() - self.started


def log_request(record: RequestRecord, *, protocol: str, method: str, status: int | None = None) -> None:
    """Logs one request, if the logger shows it.

    Args:
        record: the request.
        protocol: "rest" or "grpc".
        method: what was called: "POST /v1/models/visage:predict" or "/tensorflow.serving.PredictionService/Predict".
        status: of HTTP; None for gRPC.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "protocol": protocol,
        "method": method[:_MOST_CHARACTERS],
        "status": status,
        "code": record.code.name,
        "milliseconds": round(record.seconds * 1000, 2),
        "received_bytes": record.received_bytes,
        "sent_bytes": record.sent_bytes,
        "peer": record.peer,
        "model": record.model[:_MOST_CHARACTERS],
        "version": record.version,
        "signature": record.signature[:_MOST_CHARACTERS],
        "rows": record.rows,
        "message": _without_quotes(record.message),
    }
    logger.info("%s", json.dumps({name: value for name, value in line.items() if value not in (None, "")}))


_MOST_CHARACTERS = 300
# Errors of ours, of TensorFlow Serving and of TensorFlow quote a request after a colon or in quotation marks. What
# follows a semicolon is a hint for the client.
_QUOTE = re.compile(r'[:;"]')
# Its texts have an offset and nothing of the request.
_UNQUOTING = "JSON Parse error: "


def _without_quotes(message: str) -> str:
    """Returns the beginning of an error's text, before what it quotes from the request.

    >>> _without_quotes('JSON Value: {"b64": "/9j/4EpG"} Is not object')
    'JSON Value…'
    >>> _without_quotes("the body has more than 10 bytes; send fewer or smaller images")
    'the body has more than 10 bytes…'
    >>> _without_quotes("JSON Parse error: Invalid value. at offset: 1")
    'JSON Parse error: Invalid value. at offset: 1'
    """
    quote = None if message.startswith(_UNQUOTING) else _QUOTE.search(message)
    return (message[: quote.start()] + "…" if quote else message)[:_MOST_CHARACTERS]
