"""How long models take for a picture, on one thread of this machine's processor."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

from components.progress import report

# Calls that nothing is read off: what is made at the first one, and the caches.
_WARM_UP = 5


def latencies(saved_model: Path, lite_models: Sequence[bytes], crops: np.ndarray) -> list[float]:
    """The median milliseconds that models take from one picture's pixels to its answers, on one thread.

    They take turns picture by picture: what else the machine does meanwhile slows all of them.

    Args:
        saved_model: the SavedModel.
        lite_models: LiteRT models made of it.
        crops: uint8 [N, input_size, input_size, channels], N above 0.

    Returns:
        The SavedModel's, then the others' in their order.
    """
    report("time the models", 0)
    # TensorFlow's threads are counted once, when it starts: it starts in a process of its own.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_measure, saved_model, lite_models, crops).result()


def _measure(saved_model: Path, lite_models: Sequence[bytes], crops: np.ndarray) -> list[float]:
    import tensorflow as tf

    from components.on_device.interpreter import one_thread
    from components.on_device.network import load_network

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    models: list[Callable[..., object]] = [load_network(saved_model), *map(one_thread, lite_models)]
    return in_turn(models, crops)


def in_turn(models: Sequence[Callable[..., object]], crops: np.ndarray) -> list[float]:
    """The median milliseconds that each model takes for a picture, once it is warm.

    Args:
        models: called as `Network` is.
        crops: uint8 [N, input_size, input_size, channels], N above 0.
    """
    seconds: list[list[float]] = [[] for _ in models]
    for model in models:
        for _ in range(_WARM_UP):
            model(pixels=crops[:1])
    for crop in crops:
        for model, taken in zip(models, seconds, strict=True):
            began = time.perf_counter()
            model(pixels=crop[np.newaxis])
            taken.append(time.perf_counter() - began)
    return [1000 * median(taken) for taken in seconds]
