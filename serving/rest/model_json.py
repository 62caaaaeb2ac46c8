"""Writes what is known of a model: its versions, its signatures, and what VisAge knows of it.

Source: TensorFlow Serving, model_servers/http_rest_api_util.cc: proto3 JSON with all fields, int64 as text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from serving.core.errors import Code, ServingError
from serving.core.servable import Servable
from serving.core.served_model import VersionStatus
from visage.saved_model.model_session import Signature, TensorInfo


def status_body(statuses: Sequence[VersionStatus]) -> bytes:
    """Returns the states of versions, in their order."""
    return _body(
        {
            "model_version_status": [
                {
                    "version": str(status.version),
                    "state": status.state,
                    "status": {"error_code": status.code.name, "error_message": status.message},
                }
                for status in statuses
            ]
        }
    )


def metadata_body(servable: Servable) -> bytes:
    """Returns all signatures of a version."""
    return _body(
        {
            "model_spec": {"name": servable.name, "signature_name": "", "version": str(servable.version)},
            "metadata": {
                "signature_def": {
                    "signature_def": {name: _signature(found) for name, found in servable.signatures.items()}
                }
            },
        }
    )


def visage_body(servable: Servable) -> bytes:
    """Returns what VisAge wrote into a version: the alignment of its crops and what it learned from.

    Raises:
        ServingError: VisAge did not train it.
    """
    if servable.metadata is None:
        raise ServingError(
            Code.NOT_FOUND, f"version {servable.version} of model {servable.name} was not trained by VisAge"
        )
    return _body({"name": servable.name, "version": str(servable.version), **servable.metadata.to_json()})


def _body(document: Any) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "inputs": {name: _tensor(info) for name, info in signature.inputs.items()},
        "outputs": {name: _tensor(info) for name, info in signature.outputs.items()},
        "method_name": signature.method_name,
    }


def _tensor(info: TensorInfo) -> dict[str, Any]:
    sizes = info.shape or ()
    shape = {"dim": [{"size": str(size), "name": ""} for size in sizes], "unknown_rank": info.shape is None}
    return {"dtype": info.dtype, "tensor_shape": shape, "name": info.tensor}
