"""Converts the ModelSpec of requests and answers."""

from __future__ import annotations

from typing import Any

from serving.access_log import RequestRecord
from serving.core.errors import ServingError
from serving.core.model_spec import ModelSpec
from serving.core.servable import Servable
from visage.tf_serving_api.codes import Code


def required_spec(request: Any, call: RequestRecord) -> ModelSpec:
    """Returns what a request's `model_spec` names, and notes it for the log.

    Raises:
        ServingError: the request has none.
    """
    if not request.HasField("model_spec"):
        raise ServingError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    return spec_of(request.model_spec, call)


def named_spec(request: Any, call: RequestRecord) -> ModelSpec:
    """Returns `required_spec`, which must name a model.

    Raises:
        ServingError: there is no ModelSpec, or it has no name.
    """
    return with_name(required_spec(request, call))


def spec_of(message: Any, call: RequestRecord) -> ModelSpec:
    """Returns what a ModelSpec message names, and notes it for the log."""
    call.model = message.name
    choice = message.WhichOneof("version_choice")
    return ModelSpec(
        message.name,
        message.version.value if choice == "version" else None,
        message.version_label if choice == "version_label" else None,
    )


def with_name(spec: ModelSpec) -> ModelSpec:
    """Returns the spec itself.

    Raises:
        ServingError: it names no model.
    """
    if not spec.name:
        raise ServingError(Code.INVALID_ARGUMENT, "ModelSpec has no name specified.")
    return spec


def fill_in(message: Any, servable: Servable, signature: str = "") -> None:
    """Writes into a ModelSpec message what answered; an empty signature is left out."""
    message.name = servable.name
    message.version.value = servable.version
    message.signature_name = signature
