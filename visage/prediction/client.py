"""Asks a model, here or on a server, for the age and gender of every face on photos."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from visage.errors import VisageError
from visage.faces.detector import make_detector
from visage.faces.image_io import MAX_BYTES
from visage.prediction.photos import PhotoPrediction, photo_detector, predict_photo
from visage.prediction.predictors import FolderPredictor, ServerPredictor
from visage.progress import report

StrPath = str | os.PathLike[str]


def predict_photos(
    paths: Sequence[StrPath],
    model: StrPath | None = None,
    server: str | None = None,
    alignment_of: StrPath | None = None,
    note: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> list[PhotoPrediction]:
    """Predicts every face on every photo; TensorFlow is loaded only where a face is found and there is no server.

    Args:
        paths: image files. One that cannot be used gets a `problem` and never costs the others.
        model: a SavedModel folder, or the folder of its numbered versions.
        server: address of a TensorFlow Serving or `visage serve`, e.g. 'http://localhost:8501', the model's name after
            it as in 'http://localhost:8501/v1/models/NAME' where it is not 'visage'; instead of `model`.
        alignment_of: folder of the model on `server`, where the server does not tell how its crops are cut.
        note: is told in one line what the caller should know of an assumption that was made.

    Returns:
        One prediction for each path, in the same order; each says which model it is of, if the model was asked at all.

    Raises:
        VisageError: not one of `model` and `server` is given, there is no model, or the server does not answer.
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
        # One more than is decoded: some files never end.
        return file.read(MAX_BYTES + 1)


def _make_predictor(
    model: StrPath | None, server: str | None, alignment_of: StrPath | None, note: Callable[[str], None]
) -> FolderPredictor | ServerPredictor:
    if model is not None and server is not None:
        raise VisageError("--model and --server: choose one; --alignment-of DIR tells how a server's crops are cut")
    if server is not None:
        return ServerPredictor(server, None if alignment_of is None else Path(alignment_of), note)
    if alignment_of is not None:
        raise VisageError("--alignment-of goes with --server: a model here tells how its crops are cut")
    if model is None:
        raise VisageError("name a model or a server to ask: --model DIR or --server URL")
    return FolderPredictor(Path(model))
