"""TensorFlow Serving's gRPC protocol: requests and responses, without the channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visage.client.address import Address
from visage.client.errors import ClientError
from visage.client.plans import Plan
from visage.client.results import ServedSignatures, VersionStatus
from visage.client.retries import Deadline
from visage.errors import VisageError
from visage.saved_model.model_session import read_signature
from visage.tf_serving_api import messages
from visage.tf_serving_api.tensors import TensorError, to_array, to_proto

_SIGNATURES = "signature_def"


@dataclass(frozen=True)
class Method:
    """A method of a service.

    Attributes:
        path: as in HTTP/2.
        response: class of its response message.
    """

    path: str
    response: Any


@dataclass(frozen=True)
class GrpcCall:
    """A request message to a method."""

    method: Method
    request: Any


PREDICT = Method("/tensorflow.serving.PredictionService/Predict", messages.PredictResponse)
METADATA = Method("/tensorflow.serving.PredictionService/GetModelMetadata", messages.GetModelMetadataResponse)
STATUS = Method("/tensorflow.serving.ModelService/GetModelStatus", messages.GetModelStatusResponse)


class GrpcProtocol:
    """The operations of one model; a response is a message."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def predict(
        self, deadline: Deadline, inputs: Mapping[str, np.ndarray], signature: str
    ) -> Plan[dict[str, np.ndarray]]:
        """Calls a signature."""
        request = messages.PredictRequest(model_spec=self._spec(signature))
        for name, array in inputs.items():
            try:
                request.inputs[name].CopyFrom(to_proto(array))
            except KeyError:
                raise VisageError(f"input {name}: dtype {array.dtype} cannot be sent; give another one") from None
        response = yield from deadline.send(GrpcCall(PREDICT, request))
        try:
            return {name: to_array(response.outputs[name]) for name in sorted(response.outputs)}
        except TensorError as error:
            raise self._broken(f"the outputs cannot be read ({error})") from error

    def status(self, deadline: Deadline) -> Plan[list[VersionStatus]]:
        """Reads the versions' states, the newest version first."""
        request = messages.GetModelStatusRequest(model_spec=self._spec())
        response = yield from deadline.send(GrpcCall(STATUS, request))
        found = [
            VersionStatus(
                one.version,
                _enum_name(one, "state", one.state),
                _enum_name(one.status, "error_code", one.status.error_code),
                one.status.error_message,
            )
            for one in response.model_version_status
        ]
        return sorted(found, key=lambda one: -one.version)

    def metadata(self, deadline: Deadline) -> Plan[ServedSignatures]:
        """Reads the signatures."""
        request = messages.GetModelMetadataRequest(model_spec=self._spec(), metadata_field=[_SIGNATURES])
        response = yield from deadline.send(GrpcCall(METADATA, request))
        try:
            found = messages.SignatureDefMap.FromString(response.metadata[_SIGNATURES].value).signature_def
        except ValueError as error:
            raise self._broken(f"the metadata cannot be read ({error})") from error
        signatures = {name: read_signature(found[name]) for name in sorted(found)}
        return ServedSignatures(response.model_spec.name, response.model_spec.version.value, signatures)

    def description(self, deadline: Deadline) -> Plan[dict[str, Any]]:
        """Returns {}: no method of the API carries visage.json."""
        yield from ()
        return {}

    def _spec(self, signature: str = "") -> Any:
        spec = messages.ModelSpec(name=self._address.model, signature_name=signature)
        if self._address.version is not None:
            spec.version.value = self._address.version
        if self._address.label is not None:
            spec.version_label = self._address.label
        return spec

    def _broken(self, message: str) -> ClientError:
        return ClientError(self._address.url, "INTERNAL", message)


def _enum_name(message: Any, field: str, number: int) -> str:
    """Returns the name of a value of an enumeration; its number if a newer server has more values."""
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(number) if value is None else value.name
