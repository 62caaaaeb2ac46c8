"""Converts networks to ONNX by tf2onnx, as Keras's own exporter does.

`keras.Model.export(format="onnx")` gives the same converter a Keras network, which a pushed SavedModel does not hold.
Here it gets the model's `from_pixels`, and so the heads, the temperatures and the mirror image as well.
"""

from __future__ import annotations

import importlib
from typing import Any

import tensorflow as tf

from visage.errors import VisageError
from visage.tensorflow_messages import first_cause
from visage.tflite.network import Network

# Of 2022: every onnxruntime and onnxruntime-web of these years runs it.
_OPSET = 17
INPUT = "pixels"


def to_onnx(network: Network) -> bytes:
    """Converts a network.

    Returns:
        A model with float32 weights: `pixels` uint8 [N, input_size, input_size, channels] to the outputs of `Network`.

    Raises:
        VisageError: the converter cannot take the network.
    """
    shape = (None, network.input_size, network.input_size, network.channels)
    signature = [tf.TensorSpec(shape, tf.uint8, INPUT)]
    convert: Any = importlib.import_module("tf2onnx.convert")
    try:
        model, _ = convert.from_function(tf.function(network, input_signature=signature), signature, opset=_OPSET)
    except Exception as error:  # The converter raises nearly any exception.
        raise VisageError(
            f"tf2onnx cannot convert this network ({first_cause(error)[:200]}); docs/onnx.md names the tested versions"
        ) from error
    inputs = [value.name for value in model.graph.input]
    if inputs != [INPUT]:
        raise VisageError(
            f"tf2onnx made a model with the inputs {', '.join(inputs)} instead of {INPUT}; "
            "docs/onnx.md names the tested versions"
        )
    content: bytes = model.SerializeToString()
    return content
