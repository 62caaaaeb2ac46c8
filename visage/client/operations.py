"""What both clients can do, as plans over either protocol."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visage.client.address import Address, read_address
from visage.client.api_key import check_api_key
from visage.client.arrays import as_arrays
from visage.client.errors import ClientError
from visage.client.plans import Plan
from visage.client.results import ServedSignatures, ServingProtocol, VersionStatus
from visage.client.retries import Deadline, RetryPolicy
from visage.paths import StrPath
from visage.prediction.output_rows import output_rows
from visage.saved_model.model_session import DEFAULT_SIGNATURE

CROPS_A_REQUEST = 32
"""The most crops that one request has: the usual batch of a server."""

CROPS_INPUT = "image_bytes"
DEFAULT_SECONDS = 60.0


class Operations:
    """The plans of one client.

    Args:
        address: e.g. 'http://host:8501', 'https://host/v1/models/NAME', 'grpc://host:8500/NAME', 'grpcs://...'.
        version: of the model; None: that of the address, else the server's newest.
        label: of the version, e.g. 'stable'; None: that of the address, if any.
        timeout: seconds for an operation with all its attempts.
        retries: how often and how soon a failed request is sent again.

    Raises:
        VisageError: the address is invalid.
    """

    def __init__(
        self,
        address: str,
        version: int | None = None,
        label: str | None = None,
        timeout: float = DEFAULT_SECONDS,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.address = read_address(address, version, label)
        self._protocol = _protocol(self.address)
        self._timeout = timeout
        self._retries = retries or RetryPolicy()

    def predict(
        self, inputs: Mapping[str, Any], signature: str = DEFAULT_SIGNATURE, timeout: float | None = None
    ) -> Plan[dict[str, np.ndarray]]:
        """Calls a signature."""
        return (yield from self._protocol.predict(self.deadline(timeout), as_arrays(inputs), signature))

    def predict_crops(self, crops: Sequence[bytes], timeout: float | None = None) -> Plan[list[dict[str, Any]]]:
        """Predicts crops, `CROPS_A_REQUEST` at once; each request has the whole time."""
        rows: list[dict[str, Any]] = []
        for part in _parts(crops):
            images = np.empty(len(part), object)
            images[:] = part
            plan = self._protocol.predict(self.deadline(timeout), {CROPS_INPUT: images}, DEFAULT_SIGNATURE)
            outputs = yield from plan
            if not outputs or any(array.shape[:1] != (len(part),) for array in outputs.values()):
                raise ClientError(self.address.url, "INTERNAL", f"the response does not predict {len(part)} crops")
            rows += output_rows(outputs)
        return rows

    def status(self) -> Plan[list[VersionStatus]]:
        """Reads the versions' states."""
        return (yield from self._protocol.status(self.deadline()))

    def metadata(self) -> Plan[ServedSignatures]:
        """Reads the signatures."""
        return (yield from self._protocol.metadata(self.deadline()))

    def description(self) -> Plan[dict[str, Any]]:
        """Reads the model's visage.json with its version; {} from a server that does not report it."""
        return (yield from self._protocol.description(self.deadline()))

    def deadline(self, timeout: float | None = None) -> Deadline:
        """Starts the time of an operation."""
        return Deadline(self._retries, self._timeout if timeout is None else timeout)


def open_connection(address: Address, api_key: str | None, certificates: StrPath | None, *, is_async: bool) -> Any:
    """Returns the connection of a client: an object whose `send` takes a call and its time, and which can be closed.

    Raises:
        VisageError: the certificates cannot be read, or the API key cannot be sent.
    """
    if api_key is not None:
        check_api_key(api_key, "api_key")
    file = None if certificates is None else Path(certificates)
    # Imported here: each library costs more than the rest of the client.
    connect: Callable[[Address, str | None, Path | None], Any]
    if address.is_grpc:
        from visage.client.grpc_connection import AsyncGrpcConnection, GrpcConnection

        connect = AsyncGrpcConnection if is_async else GrpcConnection
    else:
        from visage.client.http_connection import AsyncHttpConnection, HttpConnection

        connect = AsyncHttpConnection if is_async else HttpConnection
    return connect(address, api_key, file)


def _protocol(address: Address) -> ServingProtocol:
    from visage.client.grpc_protocol import GrpcProtocol
    from visage.client.rest_protocol import RestProtocol

    return GrpcProtocol(address) if address.is_grpc else RestProtocol(address)


def _parts(crops: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(crops), CROPS_A_REQUEST):
        yield crops[start : start + CROPS_A_REQUEST]
