"""Collects the fields of an HTTP request for the access log, metrics and statistics."""

from __future__ import annotations

from dataclasses import dataclass

from serving.access_log import RequestRecord, log_request


@dataclass
class AccessRecord(RequestRecord):
    """One request, filled in until its reply is sent.

    Attributes:
        path: as it was sent, with its query.
        status: of HTTP; 499 if the client hung up before its reply.
        refusal: why there is no prediction, for the statistics, where that is more than the code, such as 'no_face'.
    """

    path: str = ""
    status: int = 0
    refusal: str = ""

    def log(self) -> None:
        """Writes the line, if the logger shows it."""
        log_request(self, protocol="rest", method=f"{self.method} {self.path}", status=self.status)
