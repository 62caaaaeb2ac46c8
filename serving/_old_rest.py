"""TensorFlow Serving's REST routes for one model, and an additional one for the alignment of its face crops.

https://www.tensorflow.org/tfx/serving/api_rest
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from serving.rest_json import RestError, format_outputs, parse_body, parse_inputs, signature_name
from serving.versions import ModelVersions, VersionState
from visage.prediction.loaded_model import DEFAULT_SIGNATURE, LoadedModel, ModelInputError, Signature, TensorInfo

MAX_BODY_BYTES = 64 * 2**20

_MODEL = r"/v1/models/(?P<name>[^/:]+)"
_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST_PATH = re.compile(_MODEL + _VERSION + r":(?P<verb>classify|regress|predict)")
_GET_PATH = re.compile(_MODEL + _VERSION + r"(?:/(?P<what>metadata|visage))?")
_METHODS = {"classify": "classification", "regress": "regression"}


class RestApi:
    """The routes below `/v1/`."""

    def __init__(self, name: str, versions: ModelVersions) -> None:
        self._name = name
        self._versions = versions

    def route(self) -> Route:
        """Returns the route to mount."""
        return Route("/v1/{path:path}", self._handle, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])

    async def _handle(self, request: Request) -> Response:
        try:
            body = await read_body(request, MAX_BODY_BYTES)
            return json_response(await run_in_threadpool(self._respond, request.method, request.scope["path"], body))
        except RestError as error:
            return json_response({"error": error.message}, error.status)
        except RecursionError:
            return json_response({"error": "JSON Parse error: nested too deeply"}, 400)

    def _respond(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        match = (_POST_PATH if method == "POST" else _GET_PATH).fullmatch(path)
        if method == "GET" and path.rstrip("/") == "/v1/models":
            raise RestError(400, "Missing model name in request.")
        if match is None or method not in ("GET", "POST"):
            raise RestError(400, f"Malformed request: {method} {path}")
        if match["label"]:
            raise RestError(400, f"Unrecognized servable version label: {match['label']}")
        version = _version(match["version"])
        if method == "GET" and match["what"] is None:
            return self._status(match["name"], version)
        if method == "GET":
            model = self._model(match["name"], version)
            return self._metadata(model) if match["what"] == "metadata" else self._visage(model)
        document = parse_body(body)
        if match["verb"] == "predict":
            return _predict(self._model(match["name"], version), document)
        return self._refuse(match["verb"], match["name"], version, document)

    def _model(self, name: str, version: int | None) -> LoadedModel:
        model = self._versions.current
        if name != self._name or model is None or version not in (None, model.version):
            servable = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RestError(404, f"Servable not found for request: {servable}")
        return model

    def _status(self, name: str, version: int | None) -> dict[str, Any]:
        states = self._versions.states if name == self._name else {}
        if version is not None:
            states = {number: state for number, state in states.items() if number == version}
        if not states:
            which = "any versions" if version is None else f"version {version}"
            raise RestError(404, f"Could not find {which} of model {name}")
        return {"model_version_status": [_status_json(*item) for item in sorted(states.items(), reverse=True)]}

    def _metadata(self, model: LoadedModel) -> dict[str, Any]:
        signatures = {name: _signature_json(signature) for name, signature in model.signatures.items()}
        return {
            "model_spec": {"name": self._name, "signature_name": "", "version": str(model.version)},
            "metadata": {"signature_def": {"signature_def": signatures}},
        }

    def _visage(self, model: LoadedModel) -> dict[str, Any]:
        return {"name": self._name, "version": str(model.version), **model.metadata.to_json()}

    def _refuse(self, verb: str, name: str, version: int | None, document: Mapping[str, Any]) -> dict[str, Any]:
        """Returns TensorFlow Serving's error for `classify` and `regress` on a model without such signatures."""
        if "examples" not in document:
            raise RestError(400, f"When method is {verb}, key 'examples' is expected and was not found")
        signature = _signature(self._model(name, version), document)
        expected = f"Expected {_METHODS[verb]} signature method_name to be tensorflow/serving/{verb}"
        raise RestError(400, f"{expected}. Was: {signature.method_name}")


def _version(digits: str | None) -> int | None:
    if digits is None:
        return None
    # TensorFlow Serving's versions are int64; Python refuses to parse some thousand digits.
    if len(digits) > 19 or int(digits) >= 2**63:
        raise RestError(400, f"Failed to convert version: {digits} to numeric.")
    return int(digits)


async def read_body(request: Request, limit: int) -> bytes:
    """Returns a request's body.

    Raises:
        RestError: 413, the body is larger than `limit` bytes, by its Content-Length or in fact; the rest is not read.
            400, the client disconnected before the end.
    """
    too_large = RestError(413, f"the request is larger than {limit // 2**20} MiB")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_large
    except ClientDisconnect:
        raise RestError(400, "the client hung up in the middle of the request") from None
    return bytes(body)


def json_response(document: Mapping[str, Any], status: int = 200) -> Response:
    """Returns JSON that may contain NaN and Infinity, as TensorFlow Serving writes it."""
    return Response(json.dumps(document), status, media_type="application/json")


def _predict(model: LoadedModel, document: Mapping[str, Any]) -> dict[str, Any]:
    inputs, row_format = parse_inputs(document, _signature(model, document))
    try:
        outputs = model.run(inputs, signature_name(document) or DEFAULT_SIGNATURE)
    except ModelInputError as error:
        raise RestError(400, str(error)) from error
    return format_outputs(outputs, row_format)


def _signature(model: LoadedModel, document: Mapping[str, Any]) -> Signature:
    name = signature_name(document) or DEFAULT_SIGNATURE
    if name not in model.signatures:
        raise RestError(400, f'Serving signature name: "{name}" not found in signature def')
    signature = model.signatures[name]
    if not signature.inputs:
        raise RestError(400, f"Failed to get input map for signature: {name}")
    return signature


def _status_json(number: int, state: VersionState) -> dict[str, Any]:
    status = {"error_code": "UNKNOWN" if state.error else "OK", "error_message": state.error}
    return {"version": str(number), "state": state.state, "status": status}


def _signature_json(signature: Signature) -> dict[str, Any]:
    return {
        "inputs": {name: _tensor_json(tensor) for name, tensor in signature.inputs.items()},
        "outputs": {name: _tensor_json(tensor) for name, tensor in signature.outputs.items()},
        "method_name": signature.method_name,
    }


def _tensor_json(tensor: TensorInfo) -> dict[str, Any]:
    sizes = tensor.shape or ()
    shape = {"dim": [{"size": str(size), "name": ""} for size in sizes], "unknown_rank": tensor.shape is None}
    return {"dtype": tensor.dtype, "tensor_shape": shape, "name": tensor.tensor}
