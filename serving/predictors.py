"""The two ways to a model's answers: in this process, or over HTTP."""

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from components.errors import VisageError
from components.faces.settings import AlignmentSettings
from serving.model import LoadedModel, find_model, read_visage_json

DEFAULT_MODEL_NAME = "visage"
SERVER_TIMEOUT_SECONDS = 60.0


class ModelPredictor:
    """Runs a loaded model in this process."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    @property
    def alignment(self) -> AlignmentSettings:
        """How the model's crops are cut."""
        return self._model.alignment

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """The model's outputs for each JPEG crop, as plain Python values by output name."""
        images = np.empty(len(crops), dtype=object)
        images[:] = crops
        outputs = {name: array.tolist() for name, array in self._model.run({"image_bytes": images}).items()}
        return [{name: _as_text(values[number]) for name, values in outputs.items()} for number in range(len(crops))]


class ServerPredictor:
    """Asks a server that speaks TensorFlow Serving's REST protocol."""

    def __init__(self, address: str, model: Path | None, note: Callable[[str], None]) -> None:
        self._url = _model_url(address)
        self.alignment = self._alignment(model, note)

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """The model's outputs for each JPEG crop, as plain Python values by output name."""
        instances = [{"b64": base64.b64encode(crop).decode("ascii")} for crop in crops]
        status, answer = _request("POST", f"{self._url}:predict", {"instances": instances})
        if status != 200 or len(answer.get("predictions", ())) != len(crops):
            raise VisageError(f"{self._url}: {answer.get('error', f'unexpected answer, status {status}')}")
        return list(answer["predictions"])

    def _alignment(self, model: Path | None, note: Callable[[str], None]) -> AlignmentSettings:
        if model is not None:
            return read_visage_json(find_model(model))[1]
        status, answer = _request("GET", f"{self._url}/visage", None)
        if status == 200 and "alignment" in answer:
            try:
                return AlignmentSettings.model_validate(answer["alignment"])
            except ValidationError:
                raise VisageError(f"{self._url}/visage: its alignment is of another VisAge; --model tells it") from None
        status, answer = _request("GET", self._url, None)
        if status != 200:
            raise VisageError(f"{self._url}: {answer.get('error', f'unexpected answer, status {status}')}")
        note(f"{self._url} does not say how its crops are cut: the default alignment is used; --model tells it")
        return AlignmentSettings()


def _model_url(address: str) -> str:
    """`http://host:port/v1/models/NAME` from an address with or without the path."""
    if not re.match(r"https?://[^/\s]", address):
        raise VisageError(f"--server {address}: no such address; write http://HOST:PORT")
    host, _, name = address.rstrip("/").partition("/v1/models/")
    return f"{host}/v1/models/{name or DEFAULT_MODEL_NAME}"


def _request(method: str, url: str, document: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    """The status code and the JSON object of a server's answer; an empty object where it sent no JSON."""
    body = None if document is None else json.dumps(document).encode("utf-8")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SERVER_TIMEOUT_SECONDS) as response:
            return response.status, _json_object(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _json_object(error.read())
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        raise VisageError(f"{url}: the server does not answer ({reason}); is it running? `visage serve`") from error


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _as_text(value: Any) -> Any:
    return value.decode("utf-8") if isinstance(value, bytes) else value
