"""Runs ONNX models on images with onnxruntime."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from visage.onnx_export.convert import INPUT

Outputs = dict[str, np.ndarray]


def load(content: bytes, threads: int | None = None) -> Callable[..., Outputs]:
    """Loads an ONNX model.

    Args:
        content: of the file.
        threads: number of threads of one call; None: one a core.

    Returns:
        A function of `pixels`, uint8 [N, input_size, input_size, channels], to the outputs by name.
    """
    onnxruntime: Any = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(pixels: np.ndarray) -> Outputs:
        return dict(zip(names, session.run(names, {INPUT: pixels}), strict=True))

    return run


def one_thread(content: bytes) -> Callable[..., Outputs]:
    """Loads an ONNX model on one thread."""
    return load(content, 1)
