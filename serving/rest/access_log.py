"""Logs each HTTP request as one line of JSON, without its body and its key."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field

from serving.core.errors import Code

logger = logging.getLogger("serving.access")
"""Whose level INFO shows the lines."""

_MOST_CHARACTERS = 300


@dataclass
class AccessRecord:
    """One request, filled in while it is answered.

    Attributes:
        method: of HTTP.
        path: as it was sent, with its query.
        peer: address of the client.
        started: time.perf_counter() at its first byte.
        status: of HTTP; 499 if the client hung up before its answer.
        code: the same as a code of gRPC.
        received_bytes: size of its body.
        sent_bytes: size of the answer's.
        model: the name that it gave; empty if it gave none.
        version: the version that answered.
        signature: the signature that ran.
        rows: of its inputs.
        message: the error's text.
    """

    method: str
    path: str
    peer: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
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

    def log(self) -> None:
        """Writes the line, if the logger shows it."""
        if not logger.isEnabledFor(logging.INFO):
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "protocol": "rest",
            "method": self.method,
            "path": self.path[:_MOST_CHARACTERS],
            "status": self.status,
            "code": self.code.name,
            "milliseconds": round(self.seconds * 1000, 2),
            "received_bytes": self.received_bytes,
            "sent_bytes": self.sent_bytes,
            "peer": self.peer,
            "model": self.model[:_MOST_CHARACTERS],
            "version": self.version,
            "signature": self.signature[:_MOST_CHARACTERS],
            "rows": self.rows,
            "message": self.message[:_MOST_CHARACTERS],
        }
        logger.info("%s", json.dumps({name: value for name, value in line.items() if value not in (None, "")}))
