"""Measures the latency of models for one image, on one thread of this machine's CPU."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from visage.child_process import end_with_parent
from visage.progress import report

# Calls that are not timed: the first one allocates, and they fill the caches.
_WARM_UP = 5
# Images on which the latency of an export is measured.
TIMED = 100
_ROUNDS = 5
_IMAGES_A_ROUND = 20


@dataclass(frozen=True)
class Latency:
    """The latency of a model for one image in milliseconds: the medians of several rounds.

    Attributes:
        median: of the rounds.
        fastest: the fastest round.
        slowest: the slowest round.
    """

    median: float
    fastest: float
    slowest: float


Load = Callable[[bytes], Callable[..., object]]
"""Loads a model's file on one thread; the result is called as `Network` is. A function of a module, for pickle."""


def latencies(saved_model: Path, models: Sequence[tuple[Load, bytes]], crops: np.ndarray) -> list[Latency]:
    """Measures the latency of models from one image's pixels to its outputs, on one thread.

    The models take turns image by image, so that other processes slow all of them alike. The spread of the rounds
    shows how much.

    Args:
        saved_model: the SavedModel.
        models: what was made of it: how to load it, and its file.
        crops: uint8 [N, input_size, input_size, channels], N above 0.

    Returns:
        The SavedModel's, then the others' in their order.
    """
    report("time the models", 0)
    # TensorFlow fixes its number of threads when it starts, so it starts in a process of its own.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned, initializer=end_with_parent, initargs=(os.getpid(),)) as process:
        return process.submit(_measure, saved_model, models, crops).result()


def _measure(saved_model: Path, files: Sequence[tuple[Load, bytes]], crops: np.ndarray) -> list[Latency]:
    import tensorflow as tf

    from visage.tflite.network import load_network

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    models: list[Callable[..., object]] = [load_network(saved_model), *(load(content) for load, content in files)]
    return in_turn(models, crops)


def in_turn(models: Sequence[Callable[..., object]], crops: np.ndarray) -> list[Latency]:
    """Measures each model's latency for one image after warm-up calls.

    Args:
        models: called as `Network` is.
        crops: uint8 [N, input_size, input_size, channels], N above 0.
    """
    for model in models:
        for _ in range(_WARM_UP):
            model(pixels=crops[:1])
    images = itertools.cycle(crops[:, np.newaxis])
    rounds = [_round(models, itertools.islice(images, _IMAGES_A_ROUND)) for _ in range(_ROUNDS)]
    return [Latency(median(of_one), min(of_one), max(of_one)) for of_one in zip(*rounds, strict=True)]


def _round(models: Sequence[Callable[..., object]], images: Iterable[np.ndarray]) -> list[float]:
    """Returns each model's median latency in milliseconds."""
    seconds: list[list[float]] = [[] for _ in models]
    for image in images:
        for model, taken in zip(models, seconds, strict=True):
            began = time.perf_counter()
            model(pixels=image)
            taken.append(time.perf_counter() - began)
    return [1000 * median(taken) for taken in seconds]
