"""Runs a model in this process or over HTTP."""

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.prediction.loaded_model import LoadedModel, find_model, identity_of, load_model, metadata_of
from visage.proxies import by_way_of, opener
from visage.saved_model.identity import UNKNOWN, ModelIdentity, identify
from visage.saved_model.metadata import ModelMetadata

DEFAULT_MODEL_NAME = "visage"
SERVER_TIMEOUT_SECONDS = 60.0


class ModelPredictor:
    """A loaded model in this process."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    @property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""
        return self._model.alignment

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""
        images = np.empty(len(crops), dtype=object)
        images[:] = crops
        outputs = {name: array.tolist() for name, array in self._model.run({"image_bytes": images}).items()}
        return [{name: _as_text(values[number]) for name, values in outputs.items()} for number in range(len(crops))]


class FolderPredictor:
    """The model of a folder in this process, loaded with the first crops, since TensorFlow takes seconds to import.

    Args:
        folder: a SavedModel, or the folder of its numbered versions.

    Raises:
        VisageError: there is no model, or it is not one of VisAge's.
    """

    def __init__(self, folder: StrPath) -> None:
        self._folder = find_model(Path(folder))
        metadata = metadata_of(self._folder)
        self.alignment = metadata.alignment_settings()
        self.identity = identity_of(self._folder, metadata)

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs, as `ModelPredictor.predict` does."""
        return self._predictor.predict(crops)

    @cached_property
    def _predictor(self) -> ModelPredictor:
        return ModelPredictor(load_model(self._folder))


class ServerPredictor:
    """A server with TensorFlow Serving's REST protocol, which is not called before there is a face.

    Args:
        address: with or without '/v1/models/NAME'.
        alignment_of: folder of the served model, which has the crops' geometry and the training data; None: the server
            reports them.
        note: called with one line about each assumption.

    Raises:
        VisageError: the address is invalid, or there is no model in `alignment_of`.
    """

    def __init__(self, address: str, alignment_of: StrPath | None, note: Callable[[str], None]) -> None:
        self._url = _model_url(address)
        self._folder = None if alignment_of is None else find_model(Path(alignment_of))
        self._metadata = None if self._folder is None else metadata_of(self._folder)
        self._note = note

    @cached_property
    def alignment(self) -> AlignmentSettings:
        """Returns the geometry of the model's crops."""
        return self._metadata.alignment_settings() if self._metadata else self._request_alignment()

    @cached_property
    def identity(self) -> ModelIdentity:
        """Returns the model's identity as `visage serve` reports it.

        Another server reports the version alone; the rest is read from `alignment_of`.
        """
        name = self._url.rpartition("/")[2]
        served = self._served
        if served:
            return identify(ModelMetadata.from_json(served), name, _decimal(served.get("version")))
        version = self._version_if_reported()
        if self._folder is None or self._metadata is None:
            return identify(ModelMetadata(), name, version)
        reported = identity_of(self._folder, self._metadata)
        if str(version or "") not in ("", reported.version) and reported.version != UNKNOWN:
            self._note(
                f"{self._url} serves version {version}, alignment_of {self._folder} is version {reported.version}"
            )
        return identify(self._metadata, name, version)

    def predict(self, crops: Sequence[bytes]) -> list[dict[str, Any]]:
        """Returns the model's outputs for each JPEG crop, as plain Python values by output name."""
        instances = [{"b64": base64.b64encode(crop).decode("ascii")} for crop in crops]
        status, response = _request("POST", f"{self._url}:predict", {"instances": instances})
        if status != 200 or len(response.get("predictions", ())) != len(crops):
            raise VisageError(f"{self._url}: {response.get('error', f'unexpected response, status {status}')}")
        return list(response["predictions"])

    @cached_property
    def _served(self) -> dict[str, Any]:
        """Returns the visage.json and version from `visage serve`; empty if the server has no such route."""
        status, response = _request("GET", f"{self._url}/visage", None)
        return response if status == 200 and "alignment" in response else {}

    def _request_alignment(self) -> AlignmentSettings:
        if self._served:
            try:
                return ModelMetadata.from_json(self._served).alignment_settings()
            except ValidationError:
                raise VisageError(
                    f"{self._url}/visage: its alignment is of another version of VisAge; give the model's folder as "
                    "alignment_of (--alignment-of)"
                ) from None
        self._request_version()
        assumption = "does not report the geometry of its crops: the default alignment is used"
        self._note(
            f"{self._url} {assumption}; give the model's folder as alignment_of (--alignment-of) if it is another"
        )
        return AlignmentSettings()

    def _version_if_reported(self) -> int | None:
        """Returns the version; None if the server does not report it, since some expose `:predict` alone."""
        try:
            return self._request_version()
        except VisageError as error:
            self._note(f"the version of the model is unknown: {error}")
            return None

    def _request_version(self) -> int | None:
        """Requests the newest version that the server has loaded; None if it does not report one.

        Raises:
            VisageError: the server has no such model.
        """
        status, response = _request("GET", self._url, None)
        if status != 200:
            raise VisageError(f"{self._url}: {response.get('error', f'unexpected response, status {status}')}")
        states = response.get("model_version_status")
        numbers = [
            _decimal(one.get("version"))
            for one in (states if isinstance(states, list) else [])
            if isinstance(one, dict) and one.get("state") == "AVAILABLE"
        ]
        return max((number for number in numbers if number is not None), default=None)


def _decimal(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None


def _model_url(address: str) -> str:
    """Returns `http://host:port/v1/models/NAME` for an address with or without the path."""
    if not re.match(r"https?://[^/\s]", address):
        raise VisageError(f"server {address}: no such address; write http://HOST:PORT")
    host, _, name = address.rstrip("/").partition("/v1/models/")
    return f"{host}/v1/models/{name or DEFAULT_MODEL_NAME}"


def _request(method: str, url: str, document: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    """Sends a request; returns the status code and the JSON object of the response, empty without JSON."""
    body = None if document is None else json.dumps(document).encode("utf-8")
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    try:
        with opener(url).open(request, timeout=SERVER_TIMEOUT_SECONDS) as response:
            return response.status, _json_object(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _json_object(error.read())
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        server = url.partition("/v1/")[0]
        raise VisageError(
            f"{server}: the server does not respond ({reason}){by_way_of(url)}; is it running? `visage serve`"
        ) from error


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        response = json.loads(body)
    except ValueError:
        return {}
    return response if isinstance(response, dict) else {}


def _as_text(value: Any) -> Any:
    return value.decode("utf-8") if isinstance(value, bytes) else value
