"""Exports a pushed model as LiteRT models, with the size, latency and quality of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from visage.errors import VisageError
from visage.progress import report
from visage.tensorflow_messages import first_cause
from visage.tflite.convert import to_float16, to_int8
from visage.tflite.crops import spread_crops
from visage.tflite.interpreter import LiteModel, one_thread
from visage.tflite.latency import TIMED, latencies
from visage.tflite.measured import Measured
from visage.tflite.network import load_network
from visage.tflite.notes import notes
from visage.tflite.quality import compare
from visage.training.batches import open_split

Precision = Literal["float16", "int8"]

# Training images that set the scales of int8.
_CALIBRATION = 300


@dataclass(frozen=True)
class TFLiteExport:
    """The result of exporting a SavedModel.

    Attributes:
        pixels: shape of the one input, uint8.
        outputs: shapes of the outputs, float32, by name.
        calibration_faces: number of faces of the training split that set the scales of int8.
        test_faces: number of faces on which all models were measured.
        saved_model: figures of the converted SavedModel.
        lite_models: figures of the LiteRT models.
        contents: bytes of the LiteRT files.
    """

    pixels: list[int]
    outputs: dict[str, list[int]]
    calibration_faces: int
    test_faces: int
    saved_model: Measured
    lite_models: dict[Precision, Measured]
    contents: dict[Precision, bytes]

    def notes(self) -> list[str]:
        """Returns one line for each reason why the figures may be unreliable."""
        calibration = self.calibration_faces if "int8" in self.lite_models else None
        return list(notes([self.saved_model, *self.lite_models.values()], self.outputs, self.test_faces, calibration))


def export_tflite_model(model: Path, examples: Path, precisions: Sequence[Precision]) -> TFLiteExport:
    """Converts a SavedModel and measures the results.

    Args:
        model: the SavedModel's folder.
        examples: what FaceExampleGen wrote in the run that trained it. The training split sets the scales; the test
            split only measures.
        precisions: of the LiteRT models to make.

    Raises:
        VisageError: the model cannot be loaded or is too old, the converter does not take it, or a split is missing.
    """
    train, test = (open_split(name, [str(examples / f"Split-{name}" / "*")]) for name in ("train", "test"))
    network = load_network(model)
    calibration = spread_crops(train, network, _CALIBRATION)
    contents = {}
    for precision in precisions:
        report(f"convert to {precision}", 0)
        try:
            contents[precision] = to_float16(network) if precision == "float16" else to_int8(network, calibration)
        except Exception as error:  # The converter's own exception has no public name.
            raise VisageError(
                f"{model}: TensorFlow's converter cannot take this network ({first_cause(error)[:200]}); "
                "docs/tflite.md lists what it can take"
            ) from error
    lite_models = [LiteModel(content) for content in contents.values()]
    qualities = compare(network, lite_models, test)
    times = latencies(model, [(one_thread, each) for each in contents.values()], spread_crops(test, network, TIMED))
    sizes = [bytes_below(model), *map(len, contents.values())]
    measured = [Measured(*one) for one in zip(sizes, times, qualities, strict=True)]
    return TFLiteExport(
        pixels=[1, network.input_size, network.input_size, network.channels],
        outputs=lite_models[0].outputs,
        calibration_faces=len(calibration),
        test_faces=test.size,
        saved_model=measured[0],
        lite_models=dict(zip(contents, measured[1:], strict=True)),
        contents=contents,
    )


def bytes_below(folder: Path) -> int:
    """Returns the size of all files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
