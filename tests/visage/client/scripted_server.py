"""Real servers of both protocols whose responses follow a script: what a client must survive."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.protobuf.json_format import MessageToJson

from visage.client.grpc_protocol import METADATA, PREDICT, STATUS
from visage.tf_serving_api import messages
from visage.tf_serving_api.tensors import to_array, to_proto

SLOW_SECONDS = 1.0
# Of gRPC and of HTTP.
_CODES = {
    "CANCELLED": (grpc.StatusCode.CANCELLED, 499),
    "INVALID_ARGUMENT": (grpc.StatusCode.INVALID_ARGUMENT, 400),
    "NOT_FOUND": (grpc.StatusCode.NOT_FOUND, 404),
    "RESOURCE_EXHAUSTED": (grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
    "UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, 503),
}


@dataclass(frozen=True)
class Refusal:
    """An error as a server sends it; `after` in seconds is when the client may come again."""

    code: str
    text: str
    after: float | None = None


Act = Refusal | str
"""What happens to one request: a refusal, 'slow', 'reset' or 'broken'; without one it succeeds."""


@dataclass
class Script:
    """What happens to the next calls of Predict, and what arrived.

    Attributes:
        predicts: models, versions and labels of the calls of Predict.
        connections: how many were accepted.
        authorizations: headers of that name.
    """

    acts: deque[Act] = field(default_factory=deque)
    predicts: list[tuple[str, int | None, str | None]] = field(default_factory=list)
    connections: int = 0
    authorizations: list[str | None] = field(default_factory=list)

    def next(self) -> Act | None:
        """Returns what happens to this call."""
        return self.acts.popleft() if self.acts else None


@dataclass(frozen=True)
class Running:
    """A running server."""

    url: str
    script: Script


def answer(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns outputs of all types, a row for each image: its length is the age."""
    images = inputs["image_bytes"]
    lengths = np.array([len(image) for image in images], np.float32)
    return {
        "age": lengths,
        "age_probabilities": np.stack([lengths, -lengths], axis=1),
        "gender": np.array([b"male" for _ in images], object),
        "raw_bytes": images,
        "rows": np.arange(len(images), dtype=np.int64),
    }


def signature_def() -> Any:
    """Returns the SignatureDef of `answer`."""
    found = messages.SignatureDef(method_name="tensorflow/serving/predict")
    for tensors, names in (
        (found.inputs, {"image_bytes": 7}),
        (found.outputs, {"age": 1, "age_probabilities": 1, "gender": 7, "raw_bytes": 7, "rows": 9}),
    ):
        for name, dtype in names.items():
            tensors[name].name, tensors[name].dtype = f"{name}:0", dtype
            tensors[name].tensor_shape.dim.add(size=-1)
    return found


@contextmanager
def rest_server(certificate: Path | None = None, port: int = 0) -> Iterator[Running]:
    """Starts a server of REST on a port, or a free one; with a certificate over TLS."""
    script = Script()

    class Handler(_RestHandler):
        pass

    Handler.script = script
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        scheme = "http" if certificate is None else "https"
        yield Running(f"{scheme}://127.0.0.1:{server.server_address[1]}", script)
        server.shutdown()


class _RestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def setup(self) -> None:
        super().setup()
        self.script.connections += 1

    def do_GET(self) -> None:
        self._note()
        name = self.path.split("/")[3]
        if name == "absent":
            self._send(404, {"error": f"Could not find any versions of model {name}"})
        elif self.path.endswith("/metadata"):
            definitions = {"serving_default": json.loads(_as_json(signature_def()))}
            spec = {"name": name, "signature_name": "", "version": "3"}
            self._send(200, {"model_spec": spec, "metadata": {"signature_def": {"signature_def": definitions}}})
        elif self.path == f"/v1/models/{name}/visage":
            self._send(400, {"error": f"Malformed request: GET {self.path}"})
        else:
            ok = {"error_code": "OK", "error_message": ""}
            states = [{"version": number, "state": state, "status": ok} for number, state in STATES]
            self._send(200, {"model_version_status": states})

    def do_POST(self) -> None:
        self._note()
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, _, _, name, *which = self.path.removesuffix(":predict").split("/")
        chosen = dict(zip(which[::2], which[1::2], strict=True))
        version = int(chosen["versions"]) if "versions" in chosen else None
        self.script.predicts.append((name, version, chosen.get("labels")))
        act = self.script.next()
        if isinstance(act, Refusal):
            headers = {} if act.after is None else {"Retry-After": f"{act.after:.0f}"}
            self._send(_CODES[act.code][1], {"error": act.text}, headers)
            return
        if act == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.close()
            self.close_connection = True
            return
        if act == "slow":
            time.sleep(SLOW_SECONDS)
        if act == "broken":
            self._send(200, {"outputs": {"age": [[1.0], [2.0, 3.0]]}})
            return
        images = np.array([base64.b64decode(one["b64"]) for one in document["inputs"]["image_bytes"]], object)
        outputs: dict[str, Any] = {name: array.tolist() for name, array in answer({"image_bytes": images}).items()}
        outputs["gender"] = [one.decode() for one in outputs["gender"]]
        outputs["raw_bytes"] = [{"b64": base64.b64encode(one).decode()} for one in outputs["raw_bytes"]]
        self._send(200, {"outputs": outputs})

    def _note(self) -> None:
        self.script.authorizations.append(self.headers.get("Authorization"))

    def _send(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # A client may have left.
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


STATES = [("2", "END"), ("3", "AVAILABLE")]


@contextmanager
def grpc_server(certificate: Path | None = None, port: int = 0) -> Iterator[Running]:
    """Starts a server of gRPC on a port, or a free one; with a certificate over TLS."""
    script = Script()
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((_GrpcHandler(script),))
    if certificate is None:
        port = server.add_insecure_port(f"127.0.0.1:{port}")
    else:
        pair = (certificate.with_suffix(".key").read_bytes(), certificate.read_bytes())
        port = server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    server.start()
    yield Running(f"{'grpc' if certificate is None else 'grpcs'}://127.0.0.1:{port}", script)
    server.stop(None).wait()


class _GrpcHandler(grpc.GenericRpcHandler):
    def __init__(self, script: Script) -> None:
        self._script = script
        self._peers: set[str] = set()

    def service(self, handler_call_details: Any) -> Any:
        requests: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
            PREDICT.path: (self._predict, messages.PredictRequest),
            METADATA.path: (self._metadata, messages.GetModelMetadataRequest),
            STATUS.path: (self._status, messages.GetModelStatusRequest),
        }
        method, request = requests[handler_call_details.method]
        return grpc.unary_unary_rpc_method_handler(
            method, request_deserializer=request.FromString, response_serializer=lambda one: one.SerializeToString()
        )

    def _note(self, context: Any) -> None:
        self._peers.add(context.peer())
        self._script.connections = len(self._peers)
        self._script.authorizations.append(dict(context.invocation_metadata()).get("authorization"))

    def _predict(self, request: Any, context: Any) -> Any:
        self._note(context)
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        self._script.predicts.append((spec.name, version, spec.version_label or None))
        act = self._script.next()
        if isinstance(act, Refusal):
            if act.after is not None:
                context.set_trailing_metadata((("grpc-retry-pushback-ms", f"{act.after * 1000:.0f}"),))
            context.abort(_CODES[act.code][0], act.text)
        if act == "reset":
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        if act == "slow":
            time.sleep(SLOW_SECONDS)
        response = messages.PredictResponse()
        if act == "broken":
            response.outputs["age"].dtype = 1
            response.outputs["age"].tensor_shape.dim.add(size=2)
            return response
        for name, array in answer({"image_bytes": to_array(request.inputs["image_bytes"])}).items():
            response.outputs[name].CopyFrom(to_proto(array, as_content=False))
        return response

    def _metadata(self, request: Any, context: Any) -> Any:
        self._note(context)
        response = messages.GetModelMetadataResponse()
        response.model_spec.name, response.model_spec.version.value = request.model_spec.name, 3
        signatures = messages.SignatureDefMap()
        signatures.signature_def["serving_default"].CopyFrom(signature_def())
        response.metadata["signature_def"].value = signatures.SerializeToString()
        return response

    def _status(self, request: Any, context: Any) -> Any:
        self._note(context)
        if request.model_spec.name == "absent":
            context.abort(grpc.StatusCode.NOT_FOUND, "Could not find any versions of model absent")
        response = messages.GetModelStatusResponse()
        for number, state in STATES:
            one = response.model_version_status.add(version=int(number))
            one.state = one.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_name[state].number
        return response


def _as_json(message: Any) -> str:
    # TensorFlow Serving leaves the names as they are.
    text: str = MessageToJson(message, preserving_proto_field_name=True)
    return text
