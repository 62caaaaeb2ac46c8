"""tensorflow-serving-api's own stubs get the same answers; they import TensorFlow, so in a process of their own."""

import json
import subprocess
import sys

import pytest

from tests.serving.conformance.images import BASE64
from tests.serving.conformance.target import Target

pytestmark = pytest.mark.slow

_CLIENT = """
import base64, json, sys
import grpc
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import (
    classification_pb2, get_model_metadata_pb2, get_model_status_pb2, inference_pb2, model_management_pb2,
    model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc, regression_pb2)

channel = grpc.insecure_channel(sys.argv[1])
prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
model = model_service_pb2_grpc.ModelServiceStub(channel)
jpeg = base64.b64decode(sys.argv[2])
found = {}

request = predict_pb2.PredictRequest()
request.model_spec.name = "visage"
request.model_spec.version_label = "stable"
request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([jpeg]))
response = prediction.Predict(request, 60)
found["age"] = tf.make_ndarray(response.outputs["age"]).tolist()
found["group"] = [text.decode() for text in tf.make_ndarray(response.outputs["age_group"])]
found["version"] = response.model_spec.version.value

one = tf.train.Example()
one.features.feature["value"].float_list.value.append(0.25)

def with_example(message, signature):
    message.model_spec.name, message.model_spec.signature_name = "battery", signature
    message.input.example_list.examples.append(one)
    return message

classified = prediction.Classify(with_example(classification_pb2.ClassificationRequest(), "classify"), 60)
found["classes"] = [[c.label, c.score] for c in classified.result.classifications[0].classes]
regressed = prediction.Regress(with_example(regression_pb2.RegressionRequest(), "regress"), 60)
found["value"] = regressed.result.regressions[0].value

multi = inference_pb2.MultiInferenceRequest()
multi.input.example_list.examples.append(one)
for name in ("classify", "regress"):
    task = multi.tasks.add(method_name="tensorflow/serving/" + name)
    task.model_spec.name, task.model_spec.signature_name = "battery", name
found["results"] = [one.WhichOneof("result") for one in prediction.MultiInference(multi, 60).results]

metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
metadata.model_spec.name = "visage"
signatures = get_model_metadata_pb2.SignatureDefMap()
assert prediction.GetModelMetadata(metadata, 60).metadata["signature_def"].Unpack(signatures)
found["signatures"] = sorted(signatures.signature_def)

status = get_model_status_pb2.GetModelStatusRequest()
status.model_spec.name = "visage"
found["status"] = [[one.version, one.state] for one in model.GetModelStatus(status, 60).model_version_status]

for name, call, wrong in (
    ("predict", prediction.Predict, predict_pb2.PredictRequest()),
    ("reload", model.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest()),
):
    try:
        call(wrong, 60)
    except grpc.RpcError as error:
        found[name] = [error.code().name, error.details()]
print(json.dumps(found))
"""


def test_answers(target: Target) -> None:
    address = f"{target.host}:{target.grpc_port}"
    client = subprocess.run(
        [sys.executable, "-c", _CLIENT, address, BASE64], capture_output=True, text=True, check=False
    )

    assert client.returncode == 0, client.stderr[-2000:]
    found = json.loads(client.stdout)
    assert found.pop("age") == pytest.approx([36.6], abs=0.2)
    assert {"align_and_predict", "evaluate", "serving_default"} <= set(found.pop("signatures"))
    assert found == {
        "group": ["38-43"],
        "version": 3,
        "classes": [["low", 0.75], ["high", 0.25]],
        "value": 2.5,
        "results": ["classification_result", "regression_result"],
        "status": [[5, 30], [3, 30]],
        "predict": ["INVALID_ARGUMENT", "Missing ModelSpec"],
        "reload": [
            "INVALID_ARGUMENT",
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported",
        ],
    }
