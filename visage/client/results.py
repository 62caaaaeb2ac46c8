"""Defines what both protocols return."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from visage.client.plans import Plan
from visage.client.retries import Deadline
from visage.saved_model.model_session import Signature


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version of a model.

    Attributes:
        version: its number.
        state: 'START', 'LOADING', 'AVAILABLE', 'UNLOADING' or 'END'.
        code: gRPC's name of its error; 'OK' without one.
        message: of its error.
    """

    version: int
    state: str
    code: str = "OK"
    message: str = ""


@dataclass(frozen=True)
class ServedSignatures:
    """How one version of a model is called.

    Attributes:
        model: its name.
        version: its number.
        signatures: by name.
    """

    model: str
    version: int
    signatures: Mapping[str, Signature]


class ServingProtocol(Protocol):
    """The operations of one served model, as plans."""

    def predict(
        self, deadline: Deadline, inputs: Mapping[str, np.ndarray], signature: str
    ) -> Plan[dict[str, np.ndarray]]:
        """Calls a signature."""

    def status(self, deadline: Deadline) -> Plan[list[VersionStatus]]:
        """Reads the versions' states, the newest version first."""

    def metadata(self, deadline: Deadline) -> Plan[ServedSignatures]:
        """Reads the signatures."""

    def description(self, deadline: Deadline) -> Plan[dict[str, Any]]:
        """Reads the model's visage.json with its version; {} from a server that does not report it."""
