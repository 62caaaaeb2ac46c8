"""Collects the fields of an HTTP request for the access log, metrics and statistics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from serving.access_log import log_request
from serving.core.errors import Code


@dataclass
class AccessRecord:
    """One request, filled in until its reply is sent.

    Attributes:
        method: of HTTP.
        path: as it was sent, with its query.
        peer: address of the client.
        started: time.perf_counter() at its first byte.
        status: of HTTP; 499 if the client hung up before its reply.
        code: the same as a code of gRPC.
        received_bytes: size of its body.
        sent_bytes: size of the reply's.
        model: the name that it gave; empty if it gave none.
        version: the version that ran.
        signature: the signature that ran.
        rows: of its inputs.
        message: the error's text.
        refusal: why there is no prediction, for the statistics, where that is more than the code, such as 'no_face'.
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
    refusal: str = ""

    @property
    def seconds(self) -> float:
        """Returns the time since its first byte."""
        return time.perf_counter() - self.started

    def log(self) -> None:
        """Writes the line, if the logger shows it."""
        log_request(
            protocol="rest",
            method=f"{self.method} {self.path}",
            status=self.status,
            model=self.model,
            version=self.version,
            signature=self.signature,
            rows=self.rows,
            code=self.code,
            seconds=self.seconds,
            received_bytes=self.received_bytes,
            sent_bytes=self.sent_bytes,
            peer=self.peer,
            message=self.message,
        )
