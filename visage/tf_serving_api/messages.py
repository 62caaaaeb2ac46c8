"""The messages of TensorFlow Serving's API, without TensorFlow.

`protos.binpb` (written by tools/serving_protos.py) is loaded into a descriptor pool of its own, so that a process may
also import tensorflow-serving-api, whose messages have the same names.
"""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

PROTOS = Path(__file__).with_name("protos.binpb")


def _load() -> DescriptorPool:
    pool = DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(PROTOS.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _load()
# protobuf before 4.22 has no GetMessageClass.
_FACTORY = None if hasattr(message_factory, "GetMessageClass") else message_factory.MessageFactory(_POOL)


def message_class(name: str) -> Any:
    """Returns the class of a message by its full name, e.g. "tensorflow.serving.PredictRequest".

    Raises:
        KeyError: there is no such message.
    """
    descriptor = _POOL.FindMessageTypeByName(name)
    found = _FACTORY.GetPrototype(descriptor) if _FACTORY else message_factory.GetMessageClass(descriptor)
    # pydoc cannot show a class without a module.
    found.__module__ = __name__
    return found


Example = message_class("tensorflow.Example")
TensorProto = message_class("tensorflow.TensorProto")
MetaGraphDef = message_class("tensorflow.MetaGraphDef")
SavedModel = message_class("tensorflow.SavedModel")
SignatureDef = message_class("tensorflow.SignatureDef")
DataType = TensorProto.DESCRIPTOR.fields_by_name["dtype"].enum_type

ModelSpec = message_class("tensorflow.serving.ModelSpec")
PredictRequest = message_class("tensorflow.serving.PredictRequest")
PredictResponse = message_class("tensorflow.serving.PredictResponse")
ClassificationRequest = message_class("tensorflow.serving.ClassificationRequest")
ClassificationResponse = message_class("tensorflow.serving.ClassificationResponse")
RegressionRequest = message_class("tensorflow.serving.RegressionRequest")
RegressionResponse = message_class("tensorflow.serving.RegressionResponse")
MultiInferenceRequest = message_class("tensorflow.serving.MultiInferenceRequest")
MultiInferenceResponse = message_class("tensorflow.serving.MultiInferenceResponse")
GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
GetModelStatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = message_class("tensorflow.serving.GetModelStatusResponse")
ReloadConfigRequest = message_class("tensorflow.serving.ReloadConfigRequest")
ReloadConfigResponse = message_class("tensorflow.serving.ReloadConfigResponse")
PredictionLog = message_class("tensorflow.serving.PredictionLog")
ModelServerConfig = message_class("tensorflow.serving.ModelServerConfig")
BatchingParameters = message_class("tensorflow.serving.BatchingParameters")
MonitoringConfig = message_class("tensorflow.serving.MonitoringConfig")
HealthCheckRequest = message_class("grpc.health.v1.HealthCheckRequest")
HealthCheckResponse = message_class("grpc.health.v1.HealthCheckResponse")
