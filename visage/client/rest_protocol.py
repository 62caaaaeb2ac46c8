"""TensorFlow Serving's REST protocol: requests and responses, without the connection.

https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.json_format import ParseDict, ParseError

from visage.client.address import Address
from visage.client.decimals import decimal
from visage.client.errors import ClientError
from visage.client.plans import Plan
from visage.client.results import ServedSignatures, VersionStatus
from visage.client.retries import Deadline
from visage.saved_model.model_session import Signature, read_signature
from visage.tf_serving_api.messages import DataType, SignatureDefMap
from visage.tf_serving_api.tensors import DTYPES

# A response that cannot be read is no fault of the request.
_BROKEN_RESPONSE = "INTERNAL"
# The server is away or overloaded; any other error of a route means that this server does not have it.
_TRANSIENT = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED")


@dataclass(frozen=True)
class HttpCall:
    """A request of HTTP; the body of a POST is JSON."""

    method: str
    url: str
    body: bytes | None = None


class RestProtocol:
    """The operations of one model; a response is the body of a success."""

    def __init__(self, address: Address) -> None:
        self._address = address
        # JSON has neither the type of a number nor the name of the only output.
        self._signatures: Mapping[str, Signature] | None = None

    def predict(
        self, deadline: Deadline, inputs: Mapping[str, np.ndarray], signature: str
    ) -> Plan[dict[str, np.ndarray]]:
        """Calls a signature; a model whose metadata the server does not report has float32 and int64 outputs."""
        if self._signatures is None or signature not in self._signatures:
            yield from self._read_signatures(deadline)
        columns = {name: _to_json(array) for name, array in inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
        response = yield from deadline.send(HttpCall("POST", f"{self._address.url_of_version}:predict", body))
        outputs = self._object(response).get("outputs")
        if outputs is None:
            raise self._broken("no outputs in the response")
        if not self._fits(outputs, signature):
            # Another version is served by now.
            yield from self._read_signatures(deadline)
        return self._outputs(outputs, signature)

    def status(self, deadline: Deadline) -> Plan[list[VersionStatus]]:
        """Reads the versions' states, the newest version first; a label is ignored, as servers do."""
        version = self._address.version
        url = self._address.url if version is None else self._address.url_of_version
        states = self._object((yield from deadline.send(HttpCall("GET", url)))).get("model_version_status")
        found = [_version_status(one) for one in (states if isinstance(states, list) else [])]
        return sorted((one for one in found if one is not None), key=lambda one: -one.version)

    def metadata(self, deadline: Deadline) -> Plan[ServedSignatures]:
        """Reads the signatures."""
        call = HttpCall("GET", f"{self._address.url_of_version}/metadata")
        document = self._object((yield from deadline.send(call)))
        try:
            spec, definitions = document["model_spec"], document["metadata"]["signature_def"]
            found = ParseDict(definitions, SignatureDefMap(), ignore_unknown_fields=True).signature_def
            signatures = {name: read_signature(found[name]) for name in sorted(found)}
            return ServedSignatures(spec["name"], int(spec["version"]), signatures)
        except (KeyError, TypeError, ValueError, ParseError) as error:
            raise self._broken(f"the metadata cannot be read ({type(error).__name__})") from error

    def description(self, deadline: Deadline) -> Plan[dict[str, Any]]:
        """Reads what `visage serve` reports; {} from another server."""
        try:
            response = yield from deadline.send(HttpCall("GET", f"{self._address.url_of_version}/visage"))
            document = self._object(response)
        except ClientError as error:
            if error.code in _TRANSIENT:
                raise
            return {}
        return document if "alignment" in document else {}

    def _read_signatures(self, deadline: Deadline) -> Plan[None]:
        """Keeps the signatures; none if the server does not report them, since some expose `:predict` alone."""
        try:
            self._signatures = (yield from self.metadata(deadline)).signatures
        except ClientError as error:
            if error.code in _TRANSIENT:
                raise
            self._signatures = {}

    def _fits(self, outputs: Any, signature: str) -> bool:
        """Returns whether the known signature has these outputs; true where none is known."""
        known = self._known(signature)
        if known is None:
            return True
        return len(known.outputs) == 1 or (isinstance(outputs, dict) and outputs.keys() == known.outputs.keys())

    def _outputs(self, outputs: Any, signature: str) -> dict[str, np.ndarray]:
        known = self._known(signature)
        if known is not None and len(known.outputs) == 1:
            outputs = {next(iter(known.outputs)): outputs}
        elif not isinstance(outputs, dict) or outputs.keys() == {"b64"}:
            # The response holds the value alone.
            outputs = {"outputs": outputs}
        dtypes = {} if known is None else {name: tensor.dtype for name, tensor in known.outputs.items()}
        try:
            return {name: _from_json(value, dtypes.get(name)) for name, value in outputs.items()}
        except (TypeError, ValueError) as error:
            raise self._broken(f"the outputs cannot be read ({error})") from error

    def _known(self, signature: str) -> Signature | None:
        return (self._signatures or {}).get(signature)

    def _object(self, response: bytes) -> dict[str, Any]:
        try:
            document = json.loads(response)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise self._broken("the response is no JSON object; is this a model server?")
        return document

    def _broken(self, message: str) -> ClientError:
        return ClientError(self._address.url, _BROKEN_RESPONSE, message)


def _version_status(document: Any) -> VersionStatus | None:
    """Reads one version; None if it has no number."""
    values = document if isinstance(document, dict) else {}
    version = decimal(values.get("version"))
    status = values.get("status")
    error = status if isinstance(status, dict) else {}
    if version is None:
        return None
    return VersionStatus(
        version,
        str(values.get("state", "")),
        str(error.get("error_code", "OK")),
        str(error.get("error_message", "")),
    )


def _to_json(array: np.ndarray) -> Any:
    """Returns nested lists; bytes as TensorFlow Serving's {"b64": ...}."""
    if array.dtype != object:
        return array.tolist()
    encoded = np.empty(array.size, object)
    for number, item in enumerate(array.ravel()):
        encoded[number] = {"b64": base64.b64encode(item).decode("ascii")}
    return encoded.reshape(array.shape).tolist()


def _from_json(value: Any, dtype: str | None) -> np.ndarray:
    """Returns the array of nested lists.

    Args:
        value: as the server sent it.
        dtype: TensorFlow's name of it; None: unknown.
    """
    if dtype is not None and dtype != "DT_STRING":
        return np.array(value, DTYPES[DataType.values_by_name[dtype].number])
    array = np.array(value, object)
    items = array.ravel().tolist()
    if dtype is None and not any(isinstance(item, str | dict) for item in items):
        numbers = np.array(value)
        return numbers.astype(np.float32) if numbers.dtype == np.float64 else numbers
    strings = np.empty(array.size, object)
    strings[:] = [base64.b64decode(item["b64"]) if isinstance(item, dict) else item.encode() for item in items]
    return strings.reshape(array.shape)
