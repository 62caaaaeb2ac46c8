"""Runs LiteRT models on images."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner


class LiteModel:
    """A LiteRT model in memory: as many interpreters as cores, of one thread each."""

    def __init__(self, content: bytes) -> None:
        self._runners = [one_thread(content) for _ in os.sched_getaffinity(0)]

    @property
    def outputs(self) -> dict[str, list[int]]:
        """Returns the shapes of its outputs for one image, by name."""
        details = self._runners[0].get_output_details()
        return {name: [int(side) for side in detail["shape"]] for name, detail in sorted(details.items())}

    def __call__(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Returns the outputs of `Network` for pixels uint8 [N, input_size, input_size, channels]."""
        with ThreadPoolExecutor(len(self._runners)) as threads:
            fractions = threads.map(_run, self._runners, np.array_split(pixels, len(self._runners)))
            outputs = [one for fraction in fractions for one in fraction]
        return {name: np.concatenate([one[name] for one in outputs]) for name in outputs[0]}


def one_thread(content: bytes) -> SignatureRunner:
    """Loads a LiteRT model on one thread; the result takes one image as `pixels=` and is not thread-safe."""
    return Interpreter(model_content=content, num_threads=1).get_signature_runner()


def _run(runner: SignatureRunner, images: np.ndarray) -> list[dict[str, np.ndarray]]:
    return [runner(pixels=image[np.newaxis]) for image in images]
