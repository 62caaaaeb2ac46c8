"""Predicts photos one after the other; one that cannot be used does not affect the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from visage.faces.detector import Detector, make_detector
from visage.faces.image_io import MAX_BYTES, DecodeError, decode
from visage.faces.settings import AlignmentSettings
from visage.paths import StrPath
from visage.prediction.photos import FoundFaces, PhotoPrediction, Predictor, find_faces, photo_detector, predicted
from visage.progress import report
from visage.saved_model.identity import ModelIdentity


@dataclass(frozen=True)
class Photo:
    """A photo to predict.

    Attributes:
        path: its file, or what to call its bytes.
        content: the file's bytes; None: they are read when they are needed.
        problem: one line on why it cannot be used, if that is known already.
    """

    path: str
    content: bytes | None = None
    problem: str | None = None

    def read(self) -> bytes:
        """Returns the file's bytes.

        Raises:
            OSError: it cannot be read.
        """
        if self.content is not None:
            return self.content
        with Path(self.path).open("rb") as file:
            # One byte more than is decoded, since some files never end.
            return file.read(MAX_BYTES + 1)


class NamedPredictor(Predictor, Protocol):
    """A predictor that knows which model it is."""

    @property
    def identity(self) -> ModelIdentity:
        """Returns the model's identity."""


def to_photos(photos: Sequence[StrPath | bytes]) -> list[Photo]:
    """Returns photos of files and of bytes, which are called `photo 1` and so on by their place in the list."""
    return [
        Photo(f"photo {number}", photo) if isinstance(photo, bytes) else Photo(str(photo))
        for number, photo in enumerate(photos, start=1)
    ]


def predict_each(photos: Sequence[Photo], predictor: NamedPredictor) -> Iterator[PhotoPrediction]:
    """Predicts every face on every photo.

    Yields:
        A prediction for each photo, in their order, as soon as it is made; those with faces name their model.

    Raises:
        VisageError: the model cannot be used.
    """
    alignment = predictor.alignment
    detector = make_detector(photo_detector(alignment))
    for done, photo in enumerate(photos, start=1):
        found = find_on(photo, detector, alignment)
        # A model is loaded for crops alone.
        outputs = predictor.predict(found.crops) if found.crops else []
        prediction = predicted(photo.path, found, outputs, predictor.identity if outputs else None)
        report("predict photos", done, len(photos))
        yield prediction


def find_on(photo: Photo, detector: Detector, alignment: AlignmentSettings) -> FoundFaces:
    """Reads a photo, finds its faces and cuts them out; a photo that cannot be read has no faces and a problem."""
    if photo.problem is not None:
        return FoundFaces.none(photo.problem)
    try:
        pixels = decode(photo.read())
    except DecodeError as error:
        return FoundFaces.none(str(error))
    except OSError as error:
        return FoundFaces.none(f"the file cannot be read: {error.strerror}")
    return find_faces(pixels, detector, alignment)
