"""Freezes layers, and cuts a network into the parts before and after the end of its frozen layers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import keras
from keras import ops

from visage.errors import VisageError, quoted
from visage.networks.trunks import trunk_of_layer


def freeze(network: keras.Model, frozen: int | str | Sequence[str] | None) -> None:
    """Freezes layers; their batch normalization keeps its averages too.

    Args:
        network: to change.
        frozen: number of first layers, in the order of `network.layers` (its input is the first); negative: -N
            freezes all but the last N; a text: the layers whose name begins with it, several texts: with one of them;
            None: none.

    Raises:
        VisageError: it would freeze no layer, or every layer with weights.
    """
    layers = network.layers
    if frozen is None:
        return
    for selection in [frozen] if isinstance(frozen, int | str) else frozen:
        is_name = isinstance(selection, str)
        chosen = [one for one in layers if one.name.startswith(selection)] if is_name else layers[:selection]
        if not any(layer.weights for layer in chosen):
            names = ", ".join(layer.name for layer in layers if layer.weights)
            raise VisageError(
                f"trainer.freeze: {quoted(selection)} selects no layer with weights; {network.name} has {names}"
            )
        for layer in chosen:
            layer.trainable = False
    if not network.trainable_weights:
        raise VisageError(
            f"trainer.freeze: {quoted(frozen)} leaves nothing of {network.name} to train; freeze fewer layers"
        )


def unfreeze(network: keras.Model, layer_decay: float) -> dict[str, float]:
    """Makes all layers trainable.

    Returns:
        The fraction of the rate for each weight that was frozen, by path: `layer_decay` for the last layer of each
        trunk that was frozen, its square for the one before, and so on (Howard and Ruder, ULMFiT, ACL 2018).
    """
    depths: Counter[str | None] = Counter()
    fractions: dict[str, float] = {}
    for layer in reversed(network.layers):
        if layer.weights and not layer.trainable:
            layer.trainable = True
            trunk = trunk_of_layer(layer.name)
            depths[trunk] += 1
            fractions |= {weight.path: layer_decay ** depths[trunk] for weight in layer.weights}
    return fractions


def split_at_frozen(network: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Cuts a network after the last layers whose outputs for an image training does not change.

    Those are the first layers that have no weights or frozen ones, and are deterministic.

    Args:
        network: with one input and its layers frozen.

    Returns:
        The trunk, from pixels to features [N, width], and the head, from features to the network's outputs. Both share
        the network's layers: training the head trains the network. None if the network does not start with frozen
        weights.
    """
    pixels = network.inputs[0]
    constant, trunk_has_weights = {id(pixels)}, False
    cut: dict[int, keras.KerasTensor] = {}
    for operation in network.operations[1:]:
        inputs = keras.tree.flatten(operation.input)
        if _never_changes(operation) and all(id(tensor) in constant for tensor in inputs):
            constant.update(id(tensor) for tensor in keras.tree.flatten(operation.output))
            trunk_has_weights |= bool(getattr(operation, "weights", ()))
        else:
            cut.update({id(tensor): tensor for tensor in inputs if id(tensor) in constant})
    if not trunk_has_weights or id(pixels) in cut:
        return None
    tensors = list(cut.values())
    trunk = keras.Model(pixels, _flat(tensors), name="trunk")
    features = keras.Input(trunk.output_shape[1:], name="features")
    behind = keras.Model(tensors, network.output)
    head = keras.Model(features, behind(_as_before(features, tensors)), name="head")
    # Keras reads this to scale the loss against vanishing small gradients.
    head.dtype_policy = network.dtype_policy
    return trunk, head


def _never_changes(operation: keras.Operation) -> bool:
    is_random = hasattr(operation, "seed_generator")
    return not getattr(operation, "variables", ()) or not (operation.trainable or is_random)


def _flat(tensors: list[keras.KerasTensor]) -> keras.KerasTensor:
    """Concatenates several tensors [N, ...] into one [N, width]."""
    flat = [keras.layers.Flatten()(tensor) for tensor in tensors]
    return ops.concatenate(flat, axis=-1) if len(flat) > 1 else flat[0]


def _as_before(features: keras.KerasTensor, tensors: list[keras.KerasTensor]) -> list[keras.KerasTensor]:
    """Splits the result of `_flat` into the original tensors."""
    parts, start = [], 0
    for tensor in tensors:
        width = math.prod(tensor.shape[1:])
        parts.append(keras.layers.Reshape(tensor.shape[1:])(features[:, start : start + width]))
        start += width
    return parts
