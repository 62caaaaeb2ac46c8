"""Predicts age and gender of every face on photos, with a local model or a server."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from visage.errors import VisageError
from visage.faces.detector import make_detector
from visage.faces.image_io import MAX_BYTES
from visage.paths import StrPath
from visage.prediction.photos import PhotoPrediction, photo_detector, predict_photo
from visage.prediction.predictors import FolderPredictor, ServerPredictor
from visage.progress import report


def predict_photos(
    paths: Sequence[StrPath],
    model: StrPath | None = None,
    server: str | None = None,
    alignment_of: StrPath | None = None,
    note: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> list[PhotoPrediction]:
    """Predicts every face on every photo; TensorFlow is loaded only if a face is found and there is no server.

    Args:
        paths: image files. One that cannot be used gets a `problem`, without affecting the others.
        model: a SavedModel folder, or the folder of its numbered versions.
        server: address of a TensorFlow Serving or `visage serve`, e.g. 'http://localhost:8501', the model's name after
            it as in 'http://localhost:8501/v1/models/NAME' if it is not 'visage'; instead of `model`.
        alignment_of: folder of the model on `server`, for servers that do not report their crops' geometry.
        note: called with one line about each assumption that was made.

    Returns:
        One prediction for each path, in the same order; each names its model, if a model was used.

    Raises:
        VisageError: not exactly one of `model` and `server` is given, there is no model, or no response of the server.
    """
    predictor = _make_predictor(model, server, alignment_of, note)
    detector = make_detector(photo_detector(predictor.alignment))
    predictions = []
    for done, path in enumerate(paths, start=1):
        try:
            prediction = predict_photo(_read(Path(path)), str(path), detector, predictor)
        except OSError as error:
            prediction = PhotoPrediction(str(path), problem=f"the file cannot be read: {error.strerror}")
        predictions.append(prediction)
        report("predict photos", done, len(paths))
    if not any(prediction.faces for prediction in predictions):
        return predictions
    return [replace(prediction, model=predictor.identity) for prediction in predictions]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        # One byte more than is decoded, since some files never end.
        return file.read(MAX_BYTES + 1)


def _make_predictor(
    model: StrPath | None, server: str | None, alignment_of: StrPath | None, note: Callable[[str], None]
) -> FolderPredictor | ServerPredictor:
    if model is not None and server is not None:
        raise VisageError("model and server: choose one; alignment_of gives the geometry of a server's crops")
    if server is not None:
        return ServerPredictor(server, alignment_of, note)
    if alignment_of is not None:
        raise VisageError("alignment_of needs server: a local model has the geometry of its crops")
    if model is None:
        raise VisageError("no model to predict with; give model= or server=")
    return FolderPredictor(model)
