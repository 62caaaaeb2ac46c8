"""The messages are those of tensorflow-serving-api, whose import takes TensorFlow."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

from google.protobuf import descriptor_pb2

from visage.tf_serving_api.messages import PROTOS, PredictRequest
from visage.tf_serving_api.tensors import to_array, to_proto


def test_every_field_has_the_number_and_type_of_the_installed_package() -> None:
    ours = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(PROTOS.read_bytes()).file}
    compared = 0
    for root in installed_modules():
        theirs = descriptor_pb2.FileDescriptorProto()
        root.DESCRIPTOR.CopyToProto(theirs)
        fields = fields_of(ours[theirs.name])
        # A newer package may have more of them.
        assert fields.items() <= fields_of(theirs).items()
        compared += len(fields)
    assert compared > 20


def installed_modules() -> Iterator[Any]:
    yield import_module("tensorflow.core.protobuf.saved_model_pb2")
    for name in ("predict", "prediction_log", "get_model_metadata", "model_service", "prediction_service"):
        # The files with services of tensorflow-serving-api 2.19 cannot be imported with protobuf 5 and later.
        with suppress(AttributeError):
            yield import_module(f"tensorflow_serving.apis.{name}_pb2")


def fields_of(file: descriptor_pb2.FileDescriptorProto) -> dict[str, tuple[int, int, str]]:
    return {
        f"{message.name}.{field.name}": (field.number, field.type, field.type_name)
        for message in file.message_type
        for field in message.field
    }


def test_a_request_is_read_by_the_installed_package_and_the_other_way_round() -> None:
    import numpy as np
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    images = np.array([b"\xff\xd8", b""], object)
    ours = PredictRequest()
    ours.model_spec.name = "visage"
    ours.inputs["image_bytes"].CopyFrom(to_proto(images))
    theirs = predict_pb2.PredictRequest.FromString(ours.SerializeToString())
    assert theirs.model_spec.name == "visage"
    assert tf.make_ndarray(theirs.inputs["image_bytes"]).tolist() == images.tolist()
    back = PredictRequest.FromString(theirs.SerializeToString())
    assert to_array(back.inputs["image_bytes"]).tolist() == images.tolist()


def test_the_messages_take_neither_tensorflow_nor_its_api() -> None:
    code = (
        "import sys, visage.tf_serving_api.tensors, visage.saved_model.model_session\n"
        "print([name for name in ('tensorflow', 'tensorflow_serving', 'tfx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
