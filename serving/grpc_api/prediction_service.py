"""Answers tensorflow.serving.PredictionService."""

from __future__ import annotations

from functools import partial
from typing import Any

import grpc
import numpy as np

from serving.access_log import RequestRecord
from serving.core.classify_regress import Classification, MultiInferenceTask, classify, multi_inference, regress
from serving.core.errors import ServingError, invalid_argument
from serving.core.model_server import ModelServer
from serving.core.servable import Servable
from serving.grpc_api import predict
from serving.grpc_api.calls import LARGE_BYTES, Calls, in_thread_if
from serving.grpc_api.model_specs import fill_in, named_spec, required_spec, spec_of, with_name
from visage.saved_model.model_session import DEFAULT_SIGNATURE
from visage.tf_serving_api import messages
from visage.tf_serving_api.codes import Code
from visage.tf_serving_api.tensors import to_proto

SERVICE = "tensorflow.serving.PredictionService"

_SIGNATURE_DEF = "signature_def"


class PredictionService:
    """The methods that run models and describe them.

    PredictStreamed is left out: the open tensorflow_model_server answers it with UNIMPLEMENTED, too.
    """

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._limits = server.limits

    def handlers(self, calls: Calls) -> grpc.GenericRpcHandler:
        """Returns gRPC's handler of the service."""
        measured = {
            "Predict": (messages.PredictRequest, self._predict),
            "Classify": (messages.ClassificationRequest, self._classify),
            "Regress": (messages.RegressionRequest, self._regress),
        }
        others = {
            "MultiInference": (messages.MultiInferenceRequest, self._multi_inference),
            "GetModelMetadata": (messages.GetModelMetadataRequest, self._metadata),
        }
        handlers = {
            name: calls.handler(SERVICE, name, request, run, is_measured=name in measured)
            for name, (request, run) in {**measured, **others}.items()
        }
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    async def _predict(self, request: Any, call: RequestRecord) -> Any:
        with self._server.acquire(named_spec(request, call)) as servable:
            name = _signature_name(request.model_spec)
            _note(call, servable, name)
            if name not in servable.signatures:
                raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
            signature, definition = servable.signatures[name], servable.signature_defs[name]
            predict.check_input_names(request, signature, definition)
            call.rows = predict.rows(request)
            self._check_rows(call.rows)
            wanted = predict.wanted_outputs(request, signature)
            parse = partial(predict.parse_inputs, request, signature, definition, self._limits.body_bytes)
            inputs = await in_thread_if(call.received_bytes > LARGE_BYTES, parse)
            # Each copy of 30 MB counts.
            del request, parse
            outputs = await servable.run(name, inputs, wanted)
            del inputs
            response = messages.PredictResponse()
            fill_in(response.model_spec, servable, name)
        is_large = sum(value.nbytes for value in outputs.values()) > LARGE_BYTES
        await in_thread_if(is_large, _move_outputs, outputs, response)
        return response

    async def _classify(self, request: Any, call: RequestRecord) -> Any:
        with self._server.acquire(named_spec(request, call)) as servable:
            _note(call, servable, _signature_name(request.model_spec))
            found = self._examples(request.input, call)
            result = await classify(servable, request.model_spec.signature_name, found)
            response = messages.ClassificationResponse()
            fill_in(response.model_spec, servable, call.signature)
            _write_classification(response.result, result)
            return response

    async def _regress(self, request: Any, call: RequestRecord) -> Any:
        with self._server.acquire(named_spec(request, call)) as servable:
            _note(call, servable, _signature_name(request.model_spec))
            found = self._examples(request.input, call)
            values = await regress(servable, request.model_spec.signature_name, found)
            response = messages.RegressionResponse()
            fill_in(response.model_spec, servable, call.signature)
            _write_regression(response.result, values)
            return response

    async def _multi_inference(self, request: Any, call: RequestRecord) -> Any:
        # Of the tasks' ModelSpecs the first determines the version.
        first = request.tasks[0].model_spec if request.tasks else messages.ModelSpec()
        with self._server.acquire(with_name(spec_of(first, call))) as servable:
            call.version = servable.version
            for task in request.tasks:
                if not task.model_spec.name:
                    raise invalid_argument("Found ModelSpec with an empty model name.")
                if task.model_spec.name != servable.name:
                    raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
            tasks = [MultiInferenceTask(task.model_spec.signature_name, task.method_name) for task in request.tasks]
            found = self._examples(request.input, call)
            results = await multi_inference(servable, tasks, found)
            response = messages.MultiInferenceResponse()
            for task, result in zip(tasks, results, strict=True):
                added = response.results.add()
                fill_in(added.model_spec, servable, task.signature or DEFAULT_SIGNATURE)
                if isinstance(result, Classification):
                    _write_classification(added.classification_result, result)
                else:
                    _write_regression(added.regression_result, result)
            return response

    async def _metadata(self, request: Any, call: RequestRecord) -> Any:
        spec = required_spec(request, call)
        if not request.metadata_field:
            raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _SIGNATURE_DEF:
                raise invalid_argument(f"Metadata field {field} is not supported")
        with self._server.acquire(with_name(spec)) as servable:
            call.version = servable.version
            definitions = messages.SignatureDefMap()
            for name, definition in servable.signature_defs.items():
                definitions.signature_def[name].CopyFrom(definition)
                definitions.signature_def[name].ClearField("defaults")
            response = messages.GetModelMetadataResponse()
            fill_in(response.model_spec, servable)
            packed = response.metadata[_SIGNATURE_DEF]
            packed.type_url = f"type.googleapis.com/{definitions.DESCRIPTOR.full_name}"
            packed.value = definitions.SerializeToString()
            return response

    def _examples(self, given: Any, call: RequestRecord) -> list[bytes]:
        """Returns the serialized tf.Examples of an Input message; those with a context have its features, too."""
        kind = given.WhichOneof("kind")
        if kind is None:
            return []
        found = getattr(given, kind)
        call.rows = len(found.examples)
        self._check_rows(call.rows)
        # Two serialized messages, one after the other, are the merged message.
        context = b"" if kind == "example_list" else found.context.SerializeToString()
        most = self._limits.body_bytes
        if len(context) * call.rows > most:
            raise invalid_argument(
                f"the context of {call.rows} examples has {len(context)} bytes; together at most {most}"
            )
        return [context + example.SerializeToString() for example in found.examples]

    def _check_rows(self, rows: int | None) -> None:
        most = self._limits.instances
        if rows is not None and rows > most:
            raise invalid_argument(f"a request of {rows} instances; this server takes at most {most}")


def _note(call: RequestRecord, servable: Servable, signature: str) -> None:
    call.version, call.signature = servable.version, signature


def _signature_name(spec: Any) -> str:
    return spec.signature_name or DEFAULT_SIGNATURE


def _move_outputs(outputs: dict[str, np.ndarray], response: Any) -> None:
    while outputs:
        name, value = outputs.popitem()
        response.outputs[name].CopyFrom(to_proto(value, as_content=False))


def _write_classification(result: Any, found: Classification) -> None:
    columns = found.classes if found.classes is not None else found.scores
    assert columns is not None
    for row in range(columns.shape[0]):
        added = result.classifications.add()
        for column in range(columns.shape[1]):
            one = added.classes.add()
            if found.classes is not None:
                one.label = found.classes[row, column].decode("utf-8", "replace")
            if found.scores is not None:
                one.score = found.scores[row, column]


def _write_regression(result: Any, values: np.ndarray) -> None:
    for value in values.tolist():
        result.regressions.add(value=value)
