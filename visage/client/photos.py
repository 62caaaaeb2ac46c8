"""Predicts age and gender of every face on photos, with a local model or a server."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from visage.client.predictor import ServerPredictor
from visage.client.sync_client import Client
from visage.errors import VisageError
from visage.paths import StrPath
from visage.prediction.each_photo import predict_each, to_photos
from visage.prediction.photos import PhotoPrediction
from visage.prediction.predictors import FolderPredictor


def predict_photos(
    paths: Sequence[StrPath],
    model: StrPath | None = None,
    server: str | None = None,
    alignment_of: StrPath | None = None,
    note: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> list[PhotoPrediction]:
    """Predicts every face on every photo; a local model is loaded only if a face is found.

    Args:
        paths: image files. One that cannot be used gets a `problem`, without affecting the others.
        model: a SavedModel folder, or the folder of its numbered versions.
        server: address of a TensorFlow Serving or `visage serve`, e.g. 'http://localhost:8501' or
            'grpc://localhost:8500', the model's name after it as in 'http://localhost:8501/v1/models/NAME' or
            'grpc://localhost:8500/NAME' if it is not 'visage'; instead of `model`.
        alignment_of: folder of the model on `server`, for servers that do not report their crops' geometry.
        note: called with one line about each assumption that was made.

    Returns:
        One prediction for each path, in the same order; those with faces name their model.

    Raises:
        VisageError: not exactly one of `model` and `server` is given, there is no model, or no response of the server.
    """
    with open_predictor(model, server, alignment_of, note) as predictor:
        return list(predict_each(to_photos(paths), predictor))


@contextmanager
def open_predictor(
    model: StrPath | None,
    server: str | None,
    alignment_of: StrPath | None,
    note: Callable[[str], None],
    api_key: str | None = None,
) -> Iterator[FolderPredictor | ServerPredictor]:
    """Opens a model in a folder or on a server.

    Args:
        model, server, alignment_of, note: as those of `predict_photos`.
        api_key: of the server.

    Raises:
        VisageError: not exactly one of `model` and `server` is given, there is no model, or the API key cannot be sent.
    """
    if model is not None and server is not None:
        raise VisageError("model and server: choose one; alignment_of gives the geometry of a server's crops")
    if server is not None:
        with Client(server, api_key=api_key) as client:
            yield ServerPredictor(client.operations, client.run, alignment_of, note)
        return
    if alignment_of is not None:
        raise VisageError("alignment_of needs server: a local model has the geometry of its crops")
    if model is None:
        raise VisageError("no model to predict with; give model= or server=")
    yield FolderPredictor(model)
