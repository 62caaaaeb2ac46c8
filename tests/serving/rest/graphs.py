"""A SavedModel written without TensorFlow: the signatures that REST requests need, in a few operations."""

from pathlib import Path
from typing import Any

from visage.tf_serving_api.messages import DataType, SavedModel

STRING, FLOAT, INT64 = (DataType.values_by_name[name].number for name in ("DT_STRING", "DT_FLOAT", "DT_INT64"))


def save_graph(folder: Path) -> Path:
    """Writes a model of three signatures into a folder, and returns it.

    `serving_default` returns strings as they came, by two names; `double` adds two inputs of floats or refuses their
    shapes; `numbers` reads floats out of texts, and refuses others.
    """
    saved = SavedModel(saved_model_schema_version=1)
    meta_graph = saved.meta_graphs.add()
    meta_graph.meta_info_def.tags.append("serve")
    graph = meta_graph.graph_def
    graph.versions.producer = 1395

    def add(name: str, operation: str, *inputs: str, **types: int) -> None:
        node = graph.node.add(name=name, op=operation, input=inputs)
        for key, value in types.items():
            node.attr[key].type = value

    add("text", "Placeholder", dtype=STRING)
    add("same", "Identity", "text", T=STRING)
    add("a", "Placeholder", dtype=FLOAT)
    add("b", "Placeholder", dtype=FLOAT)
    add("sum", "AddV2", "a", "b", T=FLOAT)
    add("number", "StringToNumber", "text", out_type=FLOAT)
    signatures = meta_graph.signature_def
    _signature(signatures["serving_default"], {"image_bytes": ("text", STRING)}, {"name": STRING, "same_bytes": STRING})
    _signature(signatures["double"], {"a": ("a", FLOAT), "b": ("b", FLOAT)}, {"sum": FLOAT})
    _signature(signatures["numbers"], {"text": ("text", STRING)}, {"number": FLOAT})
    signatures["no_inputs"].method_name = "tensorflow/serving/predict"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def _signature(signature: Any, inputs: dict[str, tuple[str, int]], outputs: dict[str, int]) -> None:
    signature.method_name = "tensorflow/serving/predict"
    tensors = {"name": "same", "same_bytes": "same", "sum": "sum", "number": "number"}
    for name, (tensor, dtype) in inputs.items():
        _fill(signature.inputs[name], tensor, dtype)
    for name, dtype in outputs.items():
        _fill(signature.outputs[name], tensors[name], dtype)


def _fill(info: Any, tensor: str, dtype: int) -> None:
    info.name = f"{tensor}:0"
    info.dtype = dtype
    info.tensor_shape.dim.add(size=-1)
