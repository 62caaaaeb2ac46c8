"""gRPC: what tensorflow_model_server answers, row by row of the specification (README.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.serving.conformance.expected import Anything, Error, ErrorWith
from tests.serving.conformance.images import JPEG, LANDMARKS
from visage.tf_serving_api import messages
from visage.tf_serving_api.tensors import to_proto

PREDICT_IMPL = "servables/tensorflow/predict_impl.cc"
PREDICT_UTIL = "servables/tensorflow/predict_util.cc"
SAVED_MODEL_UTIL = "tensorflow/cc/saved_model/util.cc"
CLASSIFICATION = "servables/tensorflow/classification_service.cc"
CLASSIFIER = "servables/tensorflow/classifier.cc"
REGRESSOR = "servables/tensorflow/regressor.cc"
EXAMPLES = "servables/tensorflow/util.cc"
MULTI = "servables/tensorflow/multi_inference.cc"
METADATA = "servables/tensorflow/get_model_metadata_impl.cc"
STATUS = "model_servers/get_model_status_impl.cc"
RELOAD = "model_servers/model_service_impl.cc"
CORE = "model_servers/server_core.cc"
MANAGER = "core/basic_manager.cc"
STATUS_UTIL = "model_servers/grpc_status_util.cc"
PREDICTION_SERVICE = "model_servers/prediction_service_impl.cc"

OK, INVALID, NOT_FOUND, PRECONDITION, UNIMPLEMENTED = 0, 3, 5, 9, 12

METHODS = {
    "Predict": ("PredictionService", messages.PredictResponse),
    "PredictStreamed": ("PredictionService", messages.PredictResponse),
    "Classify": ("PredictionService", messages.ClassificationResponse),
    "Regress": ("PredictionService", messages.RegressionResponse),
    "MultiInference": ("PredictionService", messages.MultiInferenceResponse),
    "GetModelMetadata": ("PredictionService", messages.GetModelMetadataResponse),
    "GetModelStatus": ("ModelService", messages.GetModelStatusResponse),
    "HandleReloadConfigRequest": ("ModelService", messages.ReloadConfigResponse),
}


@dataclass(frozen=True)
class GrpcCase:
    """One call and its answer.

    Attributes:
        id: unique.
        method: a key of `METHODS`.
        request: the message.
        code: number of the gRPC status.
        expected: of the error's text; of an answer: a message whose set fields the answer must have.
        source: file of TensorFlow Serving.
    """

    id: str
    method: str
    request: Any
    code: int
    expected: Any
    source: str


def spec(name: str = "visage", signature: str = "", version: int | None = None, label: str = "") -> Any:
    """Returns a ModelSpec."""
    found = messages.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        found.version.value = version
    if label:
        found.version_label = label
    return found


def tensor(values: Any, dtype: Any = None) -> Any:
    """Returns a TensorProto of values; texts as DT_STRING."""
    array = np.asarray(values, dtype)
    if array.dtype.kind in "SU":
        array = np.array([value if isinstance(value, bytes) else value.encode() for value in values], object)
    return to_proto(array, as_content=False)


def predict_request(
    inputs: Mapping[str, Any], model_spec: Any = None, outputs: Sequence[str] = (), with_spec: bool = True
) -> Any:
    """Returns a PredictRequest."""
    request = messages.PredictRequest(output_filter=outputs)
    if with_spec:
        request.model_spec.CopyFrom(model_spec or spec())
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(value)
    return request


def answer(outputs: Mapping[str, Any], model_spec: Any) -> Any:
    """Returns a PredictResponse."""
    response = messages.PredictResponse(model_spec=model_spec)
    for name, value in outputs.items():
        response.outputs[name].CopyFrom(value)
    return response


def example(**features: float) -> Any:
    """Returns a tf.Example of floats."""
    found = messages.Example()
    for name, value in features.items():
        found.features.feature[name].float_list.value.append(value)
    return found


def examples_request(message: Any, model_spec: Any, *examples: Any, context: Any = None) -> Any:
    """Returns a request with an Input of tf.Examples."""
    request = message()
    if model_spec is not None:
        request.model_spec.CopyFrom(model_spec)
    if context is not None:
        request.input.example_list_with_context.context.CopyFrom(context)
        request.input.example_list_with_context.examples.extend(examples)
    elif examples:
        request.input.example_list.examples.extend(examples)
    return request


def multi_request(*tasks: tuple[Any, str], value: float | None = 0.25) -> Any:
    """Returns a MultiInferenceRequest of (ModelSpec, method) pairs."""
    request = messages.MultiInferenceRequest()
    for model_spec, method in tasks:
        request.tasks.add(model_spec=model_spec, method_name=f"tensorflow/serving/{method}")
    if value is not None:
        request.input.example_list.examples.append(example(value=value))
    return request


def metadata_request(model_spec: Any, *fields: str) -> Any:
    """Returns a GetModelMetadataRequest."""
    request = messages.GetModelMetadataRequest(metadata_field=fields)
    if model_spec is not None:
        request.model_spec.CopyFrom(model_spec)
    return request


def status_request(model_spec: Any) -> Any:
    """Returns a GetModelStatusRequest."""
    request = messages.GetModelStatusRequest()
    if model_spec is not None:
        request.model_spec.CopyFrom(model_spec)
    return request


def status_answer(*versions: int) -> Any:
    """Returns a GetModelStatusResponse of available versions."""
    response = messages.GetModelStatusResponse()
    for version in versions:
        response.model_version_status.add(version=version, state=30)  # AVAILABLE
    return response


def classification(model_spec: Any, *rows: Sequence[tuple[str, float]]) -> Any:
    """Returns a ClassificationResponse."""
    response = messages.ClassificationResponse(model_spec=model_spec)
    for row in rows:
        found = response.result.classifications.add()
        for label, score in row:
            found.classes.add(label=label, score=score)
    return response


def regression(model_spec: Any, *values: float) -> Any:
    """Returns a RegressionResponse."""
    response = messages.RegressionResponse(model_spec=model_spec)
    for value in values:
        response.result.regressions.add(value=value)
    return response


def reload_request() -> Any:
    """Returns a ReloadConfigRequest of a custom configuration, which no server takes."""
    request = messages.ReloadConfigRequest()
    request.config.custom_model_config.SetInParent()
    return request


ALIGN = spec("visage", "align_and_predict")
IMAGES = {"image_bytes": tensor([JPEG])}
MALE = tensor(["male"])
OLDER, STABLE = tensor(["48-53"]), tensor(["38-43"])
X = {"x": tensor([1.5, -2.0], np.float32)}
BATTERY = spec("battery")
BATTERY_ANSWER = spec("battery", "serving_default", version=1)


def battery(signature: str) -> Any:
    """Returns the ModelSpec of a signature of `battery`."""
    return spec("battery", signature)


def size_error(sent: str, wanted: str, extra: str, missing: str) -> Error:
    """Returns the error of inputs that are too many or too few."""
    counts = f"{len(sent.split(',')) if sent else 0}!={len(wanted.split(',')) if wanted else 0}"
    return Error(
        f"input size does not match signature: {counts} len({{{sent}}}) != len({{{wanted}}}). "
        f"Sent extra: {{{extra}}}. Missing but required: {{{missing}}}."
    )


DTYPES = {
    "float32": np.float32, "float64": np.float64, "int32": np.int32, "int64": np.int64, "int16": np.int16,
    "int8": np.int8, "uint8": np.uint8, "bool": np.bool_,
}  # fmt: skip
EACH = {**{name: tensor([1, 0], dtype) for name, dtype in DTYPES.items()}, "string": tensor(["a", "\u00e4"])}
ONES = {**{name: tensor([1], dtype) for name, dtype in DTYPES.items()}, "string": tensor(["a"])}
CONTENT = {name: to_proto(np.array([1, 0], dtype)) for name, dtype in DTYPES.items()}


def too_large_for_uint8() -> Any:
    """Returns an integer whose low eight bits are 44."""
    large = tensor([0], np.uint8)
    large.int_val[0] = 300
    return large


def broken_tensor() -> Any:
    """Returns a tensor of three numbers for two places."""
    broken = tensor([1.0, 2.0], np.float32)
    broken.float_val.append(3.0)
    return broken


PREDICT = [
    GrpcCase("predict", "Predict", predict_request(IMAGES), OK,
             answer({"gender": MALE, "age_group": OLDER}, spec("visage", "serving_default", version=5)), PREDICT_UTIL),
    GrpcCase("predict, version", "Predict", predict_request(IMAGES, spec(version=3)), OK,
             answer({"age_group": STABLE}, spec("visage", "serving_default", version=3)), CORE),
    GrpcCase("predict, label", "Predict", predict_request(IMAGES, spec(label="stable")), OK,
             answer({"age_group": STABLE}, spec("visage", "serving_default", version=3)), CORE),
    GrpcCase("predict, two inputs", "Predict",
             predict_request({**IMAGES, "landmarks": tensor([LANDMARKS], np.float32)}, ALIGN), OK,
             answer({"gender": MALE}, spec("visage", "align_and_predict", version=5)), PREDICT_UTIL),
    GrpcCase("predict, one output", "Predict", predict_request(IMAGES, outputs=["gender"]), OK,
             answer({"gender": MALE}, spec("visage", "serving_default", version=5)), PREDICT_UTIL),
    GrpcCase("predict, typed fields", "Predict", predict_request(X, BATTERY), OK,
             answer({"doubled": tensor([3.0, -4.0], np.float32)}, BATTERY_ANSWER), PREDICT_UTIL),
    GrpcCase("predict, all dtypes", "Predict", predict_request(EACH, battery("dtypes")), OK,
             answer(EACH, spec("battery", "dtypes", version=1)), PREDICT_UTIL),
    GrpcCase("predict, tensor_content", "Predict",
             predict_request({**EACH, **CONTENT}, battery("dtypes")), OK,
             answer(EACH, spec("battery", "dtypes", version=1)), PREDICT_UTIL),
    GrpcCase("predict, an integer too large for its dtype", "Predict",
             predict_request({**ONES, "uint8": too_large_for_uint8()}, battery("dtypes")), OK,
             answer({"uint8": tensor([44], np.uint8)}, spec("battery", "dtypes", version=1)),
             "tensorflow/core/framework/tensor.cc"),
    GrpcCase("predict, half", "Predict", predict_request({"half": tensor([1.5], np.float16)}, battery("half")), OK,
             answer({"same": tensor([1.5], np.float16)}, spec("battery", "half", version=1)), PREDICT_UTIL),
    GrpcCase("predict, scalar output", "Predict", predict_request(X, battery("scalar")), OK,
             answer({"total": tensor(-0.5, np.float32)}, spec("battery", "scalar", version=1)), PREDICT_UTIL),
    GrpcCase("predict, outputs of different sizes", "Predict", predict_request(X, battery("batches")), OK,
             answer({"once": X["x"], "twice": tensor([1.5, -2.0] * 2, np.float32)},
                    spec("battery", "batches", version=1)), PREDICT_UTIL),
    GrpcCase("predict, no rows", "Predict", predict_request({"x": tensor([], np.float32)}, BATTERY), OK,
             answer({"doubled": tensor([], np.float32)}, BATTERY_ANSWER), PREDICT_UTIL),
    GrpcCase("predict, one value for all", "Predict",
             predict_request({"x": messages.TensorProto(
                 dtype=1, float_val=[2.0], tensor_shape={"dim": [{"size": 3}]})}, BATTERY), OK,
             answer({"doubled": tensor([4.0] * 3, np.float32)}, BATTERY_ANSWER), SAVED_MODEL_UTIL),
    GrpcCase("predict, no ModelSpec", "Predict", predict_request(IMAGES, with_spec=False), INVALID,
             Error("Missing ModelSpec"), PREDICT_IMPL),
    GrpcCase("predict, no name", "Predict", predict_request(IMAGES, spec("")), INVALID,
             Error("ModelSpec has no name specified."), CORE),
    GrpcCase("predict, unknown model", "Predict", predict_request(IMAGES, spec("nope")), NOT_FOUND,
             Error("Servable not found for request: Latest(nope)"), MANAGER),
    GrpcCase("predict, unknown version", "Predict", predict_request(IMAGES, spec(version=7)), NOT_FOUND,
             Error("Servable not found for request: Specific(visage, 7)"), MANAGER),
    GrpcCase("predict, unknown label", "Predict", predict_request(IMAGES, spec(label="none")), INVALID,
             Error("Unrecognized servable version label: none"), CORE),
    GrpcCase("predict, unknown signature", "Predict", predict_request(IMAGES, spec("visage", "xx")), PRECONDITION,
             Error('Serving signature key "xx" not found.'), PREDICT_UTIL),
    GrpcCase("predict, no input", "Predict", predict_request({}), INVALID,
             size_error("", "image_bytes", "", "image_bytes"), PREDICT_UTIL),
    GrpcCase("predict, two inputs for one", "Predict", predict_request({**IMAGES, **X}), INVALID,
             size_error("image_bytes,x", "image_bytes", "x", ""), PREDICT_UTIL),
    GrpcCase("predict, one input of two", "Predict", predict_request(X, ALIGN), INVALID,
             size_error("x", "image_bytes,landmarks", "x", "image_bytes,landmarks"), PREDICT_UTIL),
    GrpcCase("predict, input of another name", "Predict", predict_request(X), INVALID,
             ErrorWith("Signature input alias: image_bytes(feed name: ",
                       ") not found in request and no default value provided. Inputs expected to be in the request "
                       "{x}, or default input alias set: "), SAVED_MODEL_UTIL),
    GrpcCase("predict, unknown output", "Predict", predict_request(X, battery("batches"), ["o"]), INVALID,
             Error("output tensor alias not found in signature: o Outputs expected to be in the set {once,twice}."),
             PREDICT_UTIL),
    GrpcCase("predict, output twice", "Predict", predict_request(X, battery("batches"), ["once", "once"]), INVALID,
             Error("duplicate output tensor alias: once"), PREDICT_UTIL),
    GrpcCase("predict, three values for two", "Predict", predict_request({"x": broken_tensor()}, BATTERY), INVALID,
             Error("tensor parsing error: x"), SAVED_MODEL_UTIL),
    GrpcCase("predict, another dtype", "Predict", predict_request({"x": tensor([1.0], np.float64)}, BATTERY), INVALID,
             ErrorWith("float", "double"), "tensorflow/core/common_runtime/direct_session.cc"),
    GrpcCase("predict, another shape", "Predict",
             predict_request({"matrix": tensor([[1.0]], np.float32)}, battery("matrix")), INVALID,
             ErrorWith("[[{{"), "the graph"),
    GrpcCase("predict, no image", "Predict", predict_request({"image_bytes": tensor(["hello"])}), INVALID,
             ErrorWith("[[{{"), "the graph"),
    GrpcCase("predict, one broken image of two", "Predict", predict_request({"image_bytes": tensor([JPEG, b"hello"])}),
             INVALID, ErrorWith("[[{{"), "the graph"),
    GrpcCase("predict, long error", "Predict", predict_request(IMAGES, spec("n" * 2000)), NOT_FOUND,
             Error(("Servable not found for request: Latest(" + "n" * 2000)[:1024] + "...TRUNCATED"), STATUS_UTIL),
    GrpcCase("predict, streamed", "PredictStreamed", predict_request(IMAGES), UNIMPLEMENTED, Anything(),
             PREDICTION_SERVICE),
]  # fmt: skip

HALVES = [("low", 0.75), ("high", 0.25)]
CLASSIFY, REGRESS = messages.ClassificationRequest, messages.RegressionRequest
ONE = example(value=0.25)


def refused(id: str, method: str, signature: str, expected: Any, source: str, *rows: Any) -> GrpcCase:
    """Returns a case of `battery`, INVALID_ARGUMENT."""
    message = CLASSIFY if method == "Classify" else REGRESS
    request = examples_request(message, battery(signature), *(rows or (ONE,)))
    return GrpcCase(id, method, request, INVALID, expected, source)


CLASSIFY_AND_REGRESS = [
    GrpcCase("classify", "Classify", examples_request(CLASSIFY, battery("classify"), ONE, example(value=1)), OK,
             classification(spec("battery", "classify", version=1), HALVES, [("low", 0.0), ("high", 1.0)]), CLASSIFIER),
    GrpcCase("classify, only classes", "Classify", examples_request(CLASSIFY, battery("classes"), ONE), OK,
             classification(spec("battery", "classes", version=1), [("low", 0.0), ("high", 0.0)]), CLASSIFIER),
    GrpcCase("classify, only scores", "Classify", examples_request(CLASSIFY, battery("scores"), ONE), OK,
             classification(spec("battery", "scores", version=1), [("", 0.75), ("", 0.25)]), CLASSIFIER),
    GrpcCase("classify, a context", "Classify",
             examples_request(CLASSIFY, battery("classify"), example(), context=ONE), OK,
             classification(spec("battery", "classify", version=1), HALVES), EXAMPLES),
    GrpcCase("regress", "Regress", examples_request(REGRESS, battery("regress"), ONE, example(value=1)), OK,
             regression(spec("battery", "regress", version=1), 2.5, 10.0), REGRESSOR),
    GrpcCase("classify, no ModelSpec", "Classify", examples_request(CLASSIFY, None, ONE), INVALID,
             Error("Missing ModelSpec"), CLASSIFICATION),
    GrpcCase("regress, no ModelSpec", "Regress", examples_request(REGRESS, None, ONE), INVALID,
             Error("Missing ModelSpec"), CLASSIFICATION),
    GrpcCase("classify, no name", "Classify", examples_request(CLASSIFY, spec(""), ONE), INVALID,
             Error("ModelSpec has no name specified."), CORE),
    GrpcCase("classify, unknown model", "Classify", examples_request(CLASSIFY, spec("nope"), ONE), NOT_FOUND,
             Error("Servable not found for request: Latest(nope)"), MANAGER),
    refused("classify, unknown signature", "Classify", "xx", Error("No signature was found with the name: xx"),
            CLASSIFIER),
    refused("regress, unknown signature", "Regress", "xx", Error("No signature was found with the name: xx"),
            REGRESSOR),
    GrpcCase("classify, no examples", "Classify", examples_request(CLASSIFY, battery("classify")), INVALID,
             Error("Input is empty."), EXAMPLES),
    GrpcCase("regress, no examples", "Regress", examples_request(REGRESS, battery("regress")), INVALID,
             Error("Input is empty."), EXAMPLES),
    GrpcCase("classify with VisAge's signature", "Classify", examples_request(CLASSIFY, spec(), ONE), INVALID,
             Error("Expected one or two output Tensors, found 5"), CLASSIFIER),
    GrpcCase("regress with VisAge's signature", "Regress", examples_request(REGRESS, spec(), ONE), INVALID,
             Error("Expected one output Tensor."), REGRESSOR),
    GrpcCase("classify with two inputs", "Classify",
             examples_request(CLASSIFY, ALIGN, ONE), INVALID,
             Error("Expected one input Tensor."), CLASSIFIER),
    GrpcCase("regress with two inputs", "Regress",
             examples_request(REGRESS, ALIGN, ONE), INVALID,
             Error("Expected one input Tensor."), REGRESSOR),
    GrpcCase("classify, an input of another name", "Classify",
             examples_request(CLASSIFY, battery("other_input"), ONE), PRECONDITION,
             ErrorWith("No classification inputs found in SignatureDef: ", 'key: "examples"'), CLASSIFIER),
    GrpcCase("regress, an output of another name", "Regress",
             examples_request(REGRESS, battery("other_output"), ONE), PRECONDITION,
             ErrorWith("No regression outputs found in SignatureDef: ", 'key: "probabilities"'), REGRESSOR),
    GrpcCase("classify, outputs of other names", "Classify",
             examples_request(CLASSIFY, battery("other_output"), ONE), PRECONDITION,
             ErrorWith('Expected classification signature outputs to contain at least one of "classes" or "scores". '
                       "Signature was: "), CLASSIFIER),
    refused("classify, flat classes", "Classify", "classify_flat",
            Error("Expected Tensor shape: [batch_size num_classes] but got [1]"), CLASSIFIER),
    refused("classify, numbers for classes", "Classify", "classify_numbers",
            Error("Expected classes Tensor of DT_STRING. Got: DT_FLOAT"), CLASSIFIER),
    refused("classify, more classes than scores", "Classify", "classify_ragged",
            Error("Tensors class and score should match in dim_size(1). Got 2 vs. 1"), CLASSIFIER),
    refused("regress, two columns", "Regress", "regress_wide",
            Error("Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]"),
            REGRESSOR),
    refused("regress, strings", "Regress", "regress_names",
            Error("Expected output Tensor of DT_FLOAT.  Got: DT_STRING"), REGRESSOR),
    refused("regress, one row for two", "Regress", "regress_one",
            Error("Input batch size did not match output batch size: 2 vs. 1"), REGRESSOR, ONE, ONE),
    refused("classify, wrong features", "Classify", "classify", ErrorWith("[[{{"), "the graph", example(a=1)),
]  # fmt: skip


def multi_answer() -> Any:
    """Returns the results of `classify` and of `regress`."""
    response = messages.MultiInferenceResponse()
    classified = response.results.add(model_spec=spec("battery", "classify", version=1))
    classified.classification_result.CopyFrom(classification(spec(), HALVES).result)
    regressed = response.results.add(model_spec=spec("battery", "regress", version=1))
    regressed.regression_result.CopyFrom(regression(spec(), 2.5).result)
    return response


def multi(id: str, code: int, expected: Any, *tasks: tuple[Any, str], source: str = MULTI, **more: Any) -> GrpcCase:
    """Returns a case of MultiInference."""
    return GrpcCase(id, "MultiInference", multi_request(*tasks, **more), code, expected, source)


CLASSIFY_TASK, REGRESS_TASK = (battery("classify"), "classify"), (battery("regress"), "regress")
MULTI_INFERENCE = [
    multi("multi", OK, multi_answer(), CLASSIFY_TASK, REGRESS_TASK),
    multi("multi, no tasks", INVALID, Error("ModelSpec has no name specified."), source=CORE),
    multi("multi, no name", INVALID, Error("ModelSpec has no name specified."), (spec(""), "classify"), source=CORE),
    multi("multi, second without a name", INVALID, Error("Found ModelSpec with an empty model name."),
          CLASSIFY_TASK, (spec(""), "classify")),
    multi("multi, two models", INVALID,
          Error("All ModelSpecs in a MultiInferenceRequest must access the same model name."),
          CLASSIFY_TASK, (spec("visage"), "classify")),
    multi("multi, signature twice", INVALID, Error("Duplicate evaluation of signature: classify"),
          CLASSIFY_TASK, CLASSIFY_TASK),
    multi("multi, unknown signature", INVALID, Error("Requested signature not found in model graph: xx"),
          (battery("xx"), "classify")),
    multi("multi, unknown method", UNIMPLEMENTED,
          Error("Unsupported signature method_name: tensorflow/serving/predict"), (battery("classify"), "predict")),
    multi("multi, two input tensors", INVALID, Error("Input tensor must be the same for all Signatures."),
          CLASSIFY_TASK, (battery("own_input"), "regress")),
    multi("multi, no examples", INVALID, Error("Input is empty."), CLASSIFY_TASK, source=EXAMPLES, value=None),
    multi("multi with VisAge's signature", INVALID, Error("Expected one or two output Tensors, found 5"),
          (spec(), "classify"), source=CLASSIFIER),
]  # fmt: skip

NO_LIST = Error(
    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
)
MODELS = [
    GrpcCase("metadata", "GetModelMetadata", metadata_request(spec(), "signature_def"), OK,
             messages.GetModelMetadataResponse(model_spec=spec(version=5)), METADATA),
    GrpcCase("metadata, label", "GetModelMetadata", metadata_request(spec(label="stable"), "signature_def"), OK,
             messages.GetModelMetadataResponse(model_spec=spec(version=3)), METADATA),
    GrpcCase("metadata, no ModelSpec", "GetModelMetadata", metadata_request(None, "signature_def"), INVALID,
             Error("Missing ModelSpec"), METADATA),
    GrpcCase("metadata, no field", "GetModelMetadata", metadata_request(spec("nope")), INVALID,
             Error("GetModelMetadataRequest must specify at least one metadata_field"), METADATA),
    GrpcCase("metadata, unknown field", "GetModelMetadata", metadata_request(spec("nope"), "f"), INVALID,
             Error("Metadata field f is not supported"), METADATA),
    GrpcCase("metadata, no name", "GetModelMetadata", metadata_request(spec(""), "signature_def"), INVALID,
             Error("ModelSpec has no name specified."), CORE),
    GrpcCase("metadata, unknown model", "GetModelMetadata", metadata_request(spec("nope"), "signature_def"), NOT_FOUND,
             Error("Servable not found for request: Latest(nope)"), MANAGER),
    GrpcCase("metadata, unknown version", "GetModelMetadata", metadata_request(spec(version=7), "signature_def"),
             NOT_FOUND, Error("Servable not found for request: Specific(visage, 7)"), MANAGER),
    GrpcCase("status", "GetModelStatus", status_request(spec()), OK, status_answer(5, 3), STATUS),
    GrpcCase("status of a version", "GetModelStatus", status_request(spec(version=3)), OK, status_answer(3), STATUS),
    GrpcCase("status of a label", "GetModelStatus", status_request(spec(label="none")), OK, status_answer(5, 3),
             STATUS),
    GrpcCase("status, no ModelSpec", "GetModelStatus", status_request(None), INVALID, Error("Missing ModelSpec"),
             STATUS),
    GrpcCase("status, no name", "GetModelStatus", status_request(spec("")), NOT_FOUND,
             Error("Could not find any versions of model "), STATUS),
    GrpcCase("status, unknown model", "GetModelStatus", status_request(spec("nope")), NOT_FOUND,
             Error("Could not find any versions of model nope"), STATUS),
    GrpcCase("status, unknown version", "GetModelStatus", status_request(spec(version=7)), NOT_FOUND,
             Error("Could not find version 7 of model visage"), STATUS),
    GrpcCase("reload of something else", "HandleReloadConfigRequest", reload_request(), INVALID,
             NO_LIST, RELOAD),
    GrpcCase("reload of nothing", "HandleReloadConfigRequest", messages.ReloadConfigRequest(), INVALID,
             NO_LIST, RELOAD),
]  # fmt: skip

CASES = [*PREDICT, *CLASSIFY_AND_REGRESS, *MULTI_INFERENCE, *MODELS]
