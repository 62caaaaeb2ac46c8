"""Finds out which model a server has, and the geometry of its crops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from visage.client.decimals import decimal
from visage.client.errors import ClientError
from visage.client.operations import Operations
from visage.client.plans import Plan
from visage.errors import VisageError
from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.prediction.loaded_model import find_model, identity_of, metadata_of
from visage.saved_model.identity import UNKNOWN, ModelIdentity, identify
from visage.saved_model.metadata import ModelMetadata


class ServedModel:
    """The model that a client uses.

    `visage serve` reports its visage.json over REST. TensorFlow Serving reports the version alone, and so does gRPC,
    whose API has no place for it; then the rest is read from a folder.

    Args:
        operations: of the client.
        alignment_of: folder of the served model; None: the server reports what it can.
        note: called with one line about each assumption.

    Raises:
        VisageError: there is no model in `alignment_of`.
    """

    def __init__(self, operations: Operations, alignment_of: StrPath | None, note: Callable[[str], None]) -> None:
        self._operations = operations
        self._url = operations.address.url
        self._folder = None if alignment_of is None else find_model(Path(alignment_of))
        self._metadata = None if self._folder is None else metadata_of(self._folder)
        self._note = note
        self._served: dict[str, Any] | None = None
        self._identity: ModelIdentity | None = None

    def alignment(self) -> Plan[AlignmentSettings]:
        """Returns the geometry of the model's crops.

        Raises:
            VisageError: the server is away or has no such model, or its geometry is of another version of VisAge.
        """
        if self._metadata is not None:
            return self._metadata.alignment_settings()
        if served := (yield from self._description()):
            try:
                return ModelMetadata.from_json(served).alignment_settings()
            except ValidationError:
                raise VisageError(
                    f"{self._url}/visage: its alignment is of another version of VisAge; give the model's folder as "
                    "alignment_of (--alignment-of)"
                ) from None
        yield from self._version()
        reason = "does not report the geometry of its crops"
        if self._operations.address.is_grpc:
            reason = f"{reason}, which only the REST port of `visage serve` does"
        self._note(
            f"{self._url} {reason}: the default alignment is used; give the model's folder as alignment_of "
            "(--alignment-of) if it is another"
        )
        return AlignmentSettings()

    def identity(self) -> Plan[ModelIdentity]:
        """Returns the model's identity, which is requested once."""
        if self._identity is None:
            self._identity = yield from self._identify()
        return self._identity

    def _identify(self) -> Plan[ModelIdentity]:
        name = self._operations.address.model
        if served := (yield from self._description()):
            return identify(ModelMetadata.from_json(served), name, decimal(served.get("version")))
        number = yield from self._version_if_reported()
        if self._folder is None or self._metadata is None:
            return identify(ModelMetadata(), name, number)
        reported = identity_of(self._folder, self._metadata)
        if str(number or "") not in ("", reported.version) and reported.version != UNKNOWN:
            self._note(
                f"{self._url} serves version {number}, alignment_of {self._folder} is version {reported.version}"
            )
        return identify(self._metadata, name, number)

    def _description(self) -> Plan[dict[str, Any]]:
        if self._served is None:
            self._served = yield from self._operations.description()
        return self._served

    def _version_if_reported(self) -> Plan[int | None]:
        """Returns the version; None if the server does not report it, since some expose `:predict` alone."""
        try:
            return (yield from self._version())
        except ClientError as error:
            self._note(f"the version of the model is unknown: {error}")
            return None

    def _version(self) -> Plan[int | None]:
        """Returns the version that predicts: the newest one loaded, without one of the client's own; None: unknown.

        Raises:
            ClientError: the server has no such model.
        """
        states = yield from self._operations.status()
        address = self._operations.address
        if address.label is not None:
            # The states do not have the labels.
            return (yield from self._operations.metadata()).version
        return max((one.version for one in states if one.state == "AVAILABLE"), default=None)
