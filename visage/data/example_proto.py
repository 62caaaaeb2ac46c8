"""Declares the wire format of `tf.train.Example`, so that it can be read and written without TensorFlow.

The messages live in a descriptor pool and a package of their own, so that TensorFlow's may be loaded beside them.
"""

from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

_FIELD = FieldDescriptorProto
_PACKAGE = "visage.example"


def _message(file: FileDescriptorProto, name: str) -> DescriptorProto:
    return file.message_type.add(name=name)


def _add_list(file: FileDescriptorProto, name: str, kind: "FieldDescriptorProto.Type.ValueType") -> None:
    values = _message(file, name).field.add(name="value", number=1, type=kind, label=_FIELD.LABEL_REPEATED)
    if kind != _FIELD.TYPE_BYTES:
        values.options.packed = True


def _add_feature(file: FileDescriptorProto) -> None:
    feature = _message(file, "Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(("BytesList", "FloatList", "Int64List"), start=1):
        feature.field.add(
            name=name.replace("List", "_list").lower(),
            number=number,
            type=_FIELD.TYPE_MESSAGE,
            type_name=f".{_PACKAGE}.{name}",
            label=_FIELD.LABEL_OPTIONAL,
            oneof_index=0,
        )


def _add_features(file: FileDescriptorProto) -> None:
    features = _message(file, "Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_OPTIONAL)
    entry.field.add(
        name="value",
        number=2,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.Feature",
        label=_FIELD.LABEL_OPTIONAL,
    )
    features.field.add(
        name="feature",
        number=1,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.Features.FeatureEntry",
        label=_FIELD.LABEL_REPEATED,
    )


def _example_class() -> Any:
    file = FileDescriptorProto(name="visage/example.proto", package=_PACKAGE, syntax="proto3")
    _add_list(file, "BytesList", _FIELD.TYPE_BYTES)
    _add_list(file, "FloatList", _FIELD.TYPE_FLOAT)
    _add_list(file, "Int64List", _FIELD.TYPE_INT64)
    _add_feature(file)
    _add_features(file)
    _message(file, "Example").field.add(
        name="features",
        number=1,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{_PACKAGE}.Features",
        label=_FIELD.LABEL_OPTIONAL,
    )
    messages = message_factory.GetMessages([file])
    for message in messages.values():
        # protobuf leaves it None, which makes pydoc fail.
        message.__module__ = __name__
    return messages[f"{_PACKAGE}.Example"]


Example = _example_class()
"""The message class: `Example.FromString(...)`, `.features.feature[name].bytes_list.value` as in TensorFlow."""
