"""Logs each request as one line of JSON, without what was sent in it."""

from __future__ import annotations

import json
import logging
import re
import time

from serving.core.errors import Code

logger = logging.getLogger("serving.access")
"""Whose level INFO shows the lines."""


def log_request(
    *,
    protocol: str,
    method: str,
    model: str,
    version: int | None,
    signature: str,
    rows: int | None,
    code: Code,
    seconds: float,
    received_bytes: int,
    sent_bytes: int,
    peer: str,
    message: str = "",
    status: int | None = None,
) -> None:
    """Logs one request.

    Args:
        protocol: "rest" or "grpc".
        method: what was called: "POST /v1/models/visage:predict" or "/tensorflow.serving.PredictionService/Predict".
        model: the name that the request gave; empty if it gave none.
        version: the version that ran; None if none did.
        signature: the signature that ran; empty if none did.
        rows: of its inputs; None if it got none.
        code: how the request ended.
        seconds: from its first to its last byte.
        received_bytes: size of its body or message.
        sent_bytes: size of the reply's.
        peer: address of the client.
        message: the error's text, of which the log has the part that quotes nothing.
        status: of HTTP; None for gRPC.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "protocol": protocol,
        "method": method[:_MOST_CHARACTERS],
        "status": status,
        "code": code.name,
        "milliseconds": round(seconds * 1000, 2),
        "received_bytes": received_bytes,
        "sent_bytes": sent_bytes,
        "peer": peer,
        "model": model[:_MOST_CHARACTERS],
        "version": version,
        "signature": signature[:_MOST_CHARACTERS],
        "rows": rows,
        "message": _without_quotes(message),
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
