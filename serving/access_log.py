"""Logs each request as one line of JSON, without what was sent in it."""

from __future__ import annotations

import json
import logging
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
        version: the version that answered; None if none did.
        signature: the signature that ran; empty if none did.
        rows: of its inputs; None if it got none.
        code: how the request ended.
        seconds: from its first to its last byte.
        received_bytes: size of its body or message.
        sent_bytes: size of the answer's.
        peer: address of the client.
        message: the error's text.
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
        "message": message[:_MOST_CHARACTERS],
    }
    logger.info("%s", json.dumps({name: value for name, value in line.items() if value not in (None, "")}))


_MOST_CHARACTERS = 300
