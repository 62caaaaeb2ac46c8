"""Converts networks to LiteRT's format, for one image at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from visage.tflite.network import Network

# Operations with weights: the first one before an output is a head.
_WEIGHTED = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")


def to_float16(network: Network) -> bytes:
    """Converts a network to weights in half precision, half the bytes; processors compute in float32.

    Returns:
        A model with one signature: `pixels` uint8 [1, input_size, input_size, channels] to the outputs of `Network`.
    """
    converter = _converter(network)
    converter.target_spec.supported_types = [tf.float16]
    content: bytes = converter.convert()
    return content


def to_int8(network: Network, calibration: np.ndarray) -> bytes:
    """Quantizes a network to integers of 8 bits: weights (one scale per channel) and activations (one per tensor).

    The heads and the layers after them stay float32, as they do in mixed precision: a softmax over 101 ages in steps
    of 1/256 doubles the loss (docs/experiments.md).

    Args:
        network: the network.
        calibration: images whose activations set the scales: uint8 [N, input_size, input_size, channels].

    Returns:
        A model with the signature that `to_float16` returns.
    """

    def images() -> Iterator[list[np.ndarray]]:
        return ([image[np.newaxis]] for image in calibration)

    converter = _converter(network)
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    # The converter itself has no option to leave tensors unquantized.
    quantizer = tf.lite.experimental.QuantizationDebugger(converter=converter, debug_dataset=images)
    quantizer.options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_nodes=_heads_and_outputs(quantizer.calibrated_model)
    )
    content: bytes = quantizer.get_nondebug_quantized_model()
    return content


class _OneImage(tf.Module):
    """`Network` with the fixed input shape that devices' processors require."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        # Tracked, so that the converter finds the variables.
        self.saved_model = network.saved_model
        shape = (1, network.input_size, network.input_size, network.channels)
        self.predict = tf.function(network, input_signature=[tf.TensorSpec(shape, tf.uint8, "pixels")])


def _converter(network: Network) -> Any:
    module = _OneImage(network)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.predict.get_concrete_function()], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter


def _heads_and_outputs(model: bytes) -> list[str]:
    """Returns the names of the tensors that a model's last weighted layers, or the layers after them, compute."""
    interpreter = Interpreter(model_content=model)
    names = {tensor["index"]: tensor["name"] for tensor in interpreter.get_tensor_details()}
    makers = {output: step for step in interpreter._get_ops_details() for output in step["outputs"]}
    open_ends = [tensor["index"] for tensor in interpreter.get_output_details()]
    found: set[int] = set()
    while open_ends:
        tensor = open_ends.pop()
        if tensor not in makers or tensor in found:
            continue
        found.add(tensor)
        if makers[tensor]["op_name"] not in _WEIGHTED:
            open_ends.extend(makers[tensor]["inputs"])
    return [names[tensor] for tensor in sorted(found)]
