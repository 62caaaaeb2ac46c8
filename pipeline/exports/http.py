"""Sends requests of HTTP with a time limit; each failure is one line."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from visage.errors import VisageError, shortened
from visage.proxies import by_way_of, opener

# Of an answer that describes an error, in bytes.
_LONGEST_ERROR = 10_000


class HTTPStatusError(VisageError):
    """The server answered with an error.

    Attributes:
        status: of HTTP, 400 to 599.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def send(
    method: str,
    url: str,
    body: bytes | None,
    content_type: str,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    shown: str | None = None,
) -> bytes:
    """Sends one request and returns the content of the answer.

    Args:
        method: e.g. 'POST'.
        url: http or https.
        body: None: no content.
        content_type: of the body.
        timeout: seconds without an answer or a byte of it.
        headers: more of them, such as authorization.
        shown: what errors call the address; None: the address without its query.

    Raises:
        HTTPStatusError: the server answered with an error.
        VisageError: the server is away, does not answer in time, or is no HTTP server.
    """
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    if body is not None:
        request.add_header("Content-Type", content_type)
    # Without the query, and the settings take no password.
    shown = shown or f"{urlsplit(url).scheme}://{urlsplit(url).netloc}{urlsplit(url).path}"
    try:
        with opener(url).open(request, timeout=timeout) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        with error:
            reason = shortened(_error_text(error.read(_LONGEST_ERROR)))
        raise HTTPStatusError(f"{shown}: status {error.code}: {reason or error.reason}", error.code) from error
    except urllib.error.URLError as error:
        reason = f"{_cause(error.reason, timeout)}{by_way_of(url)}"
        raise VisageError(f"{shown}: not reached ({reason}); start the server") from error
    except (OSError, http.client.HTTPException) as error:
        raise VisageError(f"{shown}: no answer ({_cause(error, timeout)}); see the server's log") from error


def send_json(
    method: str,
    url: str,
    value: Any,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    shown: str | None = None,
) -> dict[str, Any]:
    """Sends JSON as `send` does and returns the object of the answer; {} if the answer is no object.

    Raises:
        VisageError: as `send`.
    """
    body = None if value is None else json.dumps(value, allow_nan=False).encode()
    answer = send(method, url, body, "application/json", timeout, headers, shown)
    try:
        found = json.loads(answer) if answer else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error_text(answer: bytes) -> str:
    """Returns the message of a server's error: of MLflow's JSON, or the text."""
    text = answer.decode(errors="replace").strip()
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return str(found.get("message", text)) if isinstance(found, dict) else text


def _cause(error: object, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
