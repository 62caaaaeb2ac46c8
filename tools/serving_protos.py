"""Writes visage/tf_serving_api/protos.binpb: the messages of TensorFlow Serving's API as one FileDescriptorSet.

    .venv/bin/python tools/serving_protos.py

It runs on the older-glibc stack. The messages are read from tensorflow-serving-api, whose import takes TensorFlow; the
file lets clients and the embedded server speak the protocol without it.
Two files that the package lacks are written out below.
"""

from pathlib import Path

from google.protobuf import any_pb2, descriptor, descriptor_pb2, wrappers_pb2
from tensorflow.core.example import example_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import model_service_pb2, prediction_log_pb2, prediction_service_pb2
from tensorflow_serving.config import model_server_config_pb2

OUT = Path(__file__).parents[1] / "visage" / "tf_serving_api" / "protos.binpb"
ROOTS = (
    any_pb2,
    wrappers_pb2,
    example_pb2,
    saved_model_pb2,
    model_service_pb2,
    prediction_service_pb2,
    prediction_log_pb2,
    model_server_config_pb2,
)

Field = descriptor_pb2.FieldDescriptorProto


def main() -> None:
    """Writes the file."""
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    for root in ROOTS:
        _collect(root.DESCRIPTOR, files)
    for own in (batching_parameters(), monitoring_config(), health()):
        files[own.name] = own
    OUT.write_bytes(descriptor_pb2.FileDescriptorSet(file=files.values()).SerializeToString(deterministic=True))


def batching_parameters() -> descriptor_pb2.FileDescriptorProto:
    """Source: TensorFlow Serving, servables/tensorflow/session_bundle_config.proto, BatchingParameters."""
    wrapped = {"max_batch_size": 1, "batch_timeout_micros": 2, "max_enqueued_batches": 3, "num_batch_threads": 4}
    message = descriptor_pb2.DescriptorProto(name="BatchingParameters")
    for name, number in wrapped.items():
        message.field.add(
            name=name, number=number, label=Field.LABEL_OPTIONAL, type=Field.TYPE_MESSAGE,
            type_name=".google.protobuf.Int64Value",
        )  # fmt: skip
    message.field.add(
        name="thread_pool_name", number=5, label=Field.LABEL_OPTIONAL, type=Field.TYPE_MESSAGE,
        type_name=".google.protobuf.StringValue",
    )  # fmt: skip
    message.field.add(
        name="allowed_batch_sizes", number=6, label=Field.LABEL_REPEATED, type=Field.TYPE_INT64,
        options=descriptor_pb2.FieldOptions(packed=True),
    )  # fmt: skip
    message.field.add(
        name="pad_variable_length_inputs", number=7, label=Field.LABEL_OPTIONAL, type=Field.TYPE_BOOL
    )  # fmt: skip
    return descriptor_pb2.FileDescriptorProto(
        name="tensorflow_serving/servables/tensorflow/session_bundle_config.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
        message_type=[message],
    )


def monitoring_config() -> descriptor_pb2.FileDescriptorProto:
    """Source: TensorFlow Serving, config/monitoring_config.proto."""
    prometheus = descriptor_pb2.DescriptorProto(name="PrometheusConfig")
    prometheus.field.add(name="enable", number=1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_BOOL)
    prometheus.field.add(name="path", number=2, label=Field.LABEL_OPTIONAL, type=Field.TYPE_STRING)
    monitoring = descriptor_pb2.DescriptorProto(name="MonitoringConfig")
    monitoring.field.add(
        name="prometheus_config", number=1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_MESSAGE,
        type_name=".tensorflow.serving.PrometheusConfig",
    )  # fmt: skip
    return descriptor_pb2.FileDescriptorProto(
        name="tensorflow_serving/config/monitoring_config.proto",
        package="tensorflow.serving",
        syntax="proto3",
        message_type=[prometheus, monitoring],
    )


def health() -> descriptor_pb2.FileDescriptorProto:
    """Source: gRPC, grpc/health/v1/health.proto."""
    request = descriptor_pb2.DescriptorProto(name="HealthCheckRequest")
    request.field.add(name="service", number=1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_STRING)
    response = descriptor_pb2.DescriptorProto(name="HealthCheckResponse")
    status = response.enum_type.add(name="ServingStatus")
    for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        status.value.add(name=name, number=number)
    response.field.add(
        name="status", number=1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_ENUM,
        type_name=".grpc.health.v1.HealthCheckResponse.ServingStatus",
    )  # fmt: skip
    return descriptor_pb2.FileDescriptorProto(
        name="grpc/health/v1/health.proto",
        package="grpc.health.v1",
        syntax="proto3",
        message_type=[request, response],
    )


def _collect(file: descriptor.FileDescriptor, files: dict[str, descriptor_pb2.FileDescriptorProto]) -> None:
    """Adds a file after those that it imports."""
    if file.name in files:
        return
    for imported in file.dependencies:
        _collect(imported, files)
    found = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(found)
    files[file.name] = found


if __name__ == "__main__":
    main()
