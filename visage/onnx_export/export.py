"""Exports a pushed model as an ONNX model, with its size, latency and quality beside the SavedModel's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visage.onnx_export.convert import to_onnx
from visage.onnx_export.runtime import load, one_thread
from visage.progress import report
from visage.tflite.crops import spread_crops
from visage.tflite.export import bytes_below
from visage.tflite.latency import TIMED, latencies
from visage.tflite.measured import Measured
from visage.tflite.network import load_network
from visage.tflite.notes import notes
from visage.tflite.quality import compare
from visage.training.batches import open_split


@dataclass(frozen=True)
class OnnxExport:
    """The result of exporting a SavedModel.

    Attributes:
        pixels: shape of the one input, uint8; the first side, the number of images, is None.
        outputs: shapes of the outputs for one image, float32, by name.
        test_faces: number of faces on which both models were measured.
        saved_model: figures of the converted SavedModel.
        onnx: figures of the ONNX model.
        content: bytes of its file.
    """

    pixels: list[int | None]
    outputs: dict[str, list[int]]
    test_faces: int
    saved_model: Measured
    onnx: Measured
    content: bytes

    def notes(self) -> list[str]:
        """Returns one line for each reason why the figures may be unreliable."""
        return list(notes([self.saved_model, self.onnx], self.outputs, self.test_faces))


def export_onnx_model(model: Path, examples: Path) -> OnnxExport:
    """Converts a SavedModel and measures both.

    Args:
        model: the SavedModel's folder.
        examples: what FaceExampleGen wrote in the run that trained it; the test split measures.

    Raises:
        VisageError: the model cannot be loaded or is too old, the converter does not take it, or the split is missing.
    """
    test = open_split("test", [str(examples / "Split-test" / "*")])
    network = load_network(model)
    report("convert to ONNX", 0)
    content = to_onnx(network)
    converted = load(content)
    qualities = compare(network, [converted], test)
    crops = spread_crops(test, network, TIMED)
    times = latencies(model, [(one_thread, content)], crops)
    sizes = [bytes_below(model), len(content)]
    saved_model, onnx = (Measured(*one) for one in zip(sizes, times, qualities, strict=True))
    return OnnxExport(
        pixels=[None, network.input_size, network.input_size, network.channels],
        outputs={name: list(np.shape(values)) for name, values in sorted(converted(crops[:1]).items())},
        test_faces=test.size,
        saved_model=saved_model,
        onnx=onnx,
        content=content,
    )
