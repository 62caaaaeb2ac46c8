"""Converts one image to an aligned face, or to the rule that drops it; the labels of its record have no influence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.face_example_gen.beam.metrics import timed
from visage.data.duplicates.perceptual_hash import perceptual_hash
from visage.data.failures import LANDMARKS_UNUSABLE, NO_FACE, PICTURE_UNDECODABLE
from visage.data.settings import CleaningSettings
from visage.faces.align import align
from visage.faces.detector import make_detector
from visage.faces.encode import encode
from visage.faces.face import Face
from visage.faces.grey import to_grey
from visage.faces.image_io import DecodeError, decode_repairing
from visage.faces.quality import FaceQuality, measure_quality
from visage.faces.resize import resize
from visage.faces.selection import Box, choose, two_candidates
from visage.faces.settings import NO_DETECTOR, AlignmentSettings
from visage.installed import installed_version


@dataclass(frozen=True)
class AlignedFace:
    """An aligned face.

    Attributes:
        image: bytes of the crop.
        hash: uint64 [2], perceptual hash of the crop.
        quality: measures of the face.
        repaired: whether the image is a JPEG without its end mark.
    """

    image: bytes
    hash: np.ndarray
    quality: FaceQuality
    repaired: bool


@dataclass(frozen=True)
class UnusableImage:
    """An image that gives no aligned face.

    Attributes:
        rule: name of the rule that drops it.
        detail: the reason within the rule; None if the rule has one reason alone.
        repaired: whether the image is a JPEG without its end mark.
    """

    rule: str
    detail: str | None
    repaired: bool


Outcome = AlignedFace | UnusableImage


class ImageAligner:
    """Decodes, detects, selects, aligns, measures and encodes; `outcome_settings` lists what its results depend on."""

    def __init__(self, alignment: AlignmentSettings, cleaning: CleaningSettings) -> None:
        self._alignment = alignment
        self._other_faces = cleaning.other_faces
        self._min_face_size = cleaning.min_face_size
        self._detector = None if alignment.detector == NO_DETECTOR else make_detector(alignment.detector)

    def outcome(self, image: bytes, box: Box | None) -> Outcome:
        """Returns the aligned face of an image, or why it has none.

        Args:
            image: the file's bytes.
            box: of the wanted face, as `selection.choose` takes it.

        Raises:
            Exception: an unforeseen error, which must not be kept as the outcome.
        """
        try:
            with timed("decode"):
                pixels, repaired = decode_repairing(image)
        except DecodeError as error:
            if isinstance(error.__cause__, MemoryError):
                # The fault of the machine; another run may succeed.
                raise error.__cause__ from None
            return UnusableImage(PICTURE_UNDECODABLE, error.reason, repaired=False)
        try:
            crop, landmarks = self._crop(pixels, box)
        except _UnusableError as error:
            return UnusableImage(error.rule, None, repaired)
        grey = to_grey(crop)
        crop_hash = perceptual_hash(grey)
        with timed("encode"):
            encoded = encode(crop, self._alignment.jpeg_quality)
        return AlignedFace(encoded, crop_hash, measure_quality(grey, landmarks), repaired)

    def _crop(self, image: np.ndarray, box: Box | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the crop, and the landmarks in the photo; without a detector they are None."""
        if self._detector is None:
            return resize(image, self._alignment.size), None
        with timed("detect"):
            faces = self._detector.detect(image)
        face = self._chosen(faces, image.shape, box)
        if face.size < self._min_face_size:
            raise _UnusableError("face_too_small")
        try:
            with timed("align"):
                return align(image, face.landmarks, self._alignment), face.landmarks
        except ValueError:
            raise _UnusableError(LANDMARKS_UNUSABLE) from None

    def _chosen(self, faces: Sequence[Face], image_shape: tuple[int, ...], box: Box | None) -> Face:
        try:
            face = choose(faces, image_shape, box)
        except ValueError:
            raise _UnusableError(NO_FACE) from None
        if self._other_faces == "drop" and len(faces) > 1:
            raise _UnusableError("several_faces")
        if self._other_faces == "ambiguous" and two_candidates(faces, image_shape, box):
            raise _UnusableError("two_candidates")
        return face


def outcome_settings(alignment: AlignmentSettings, cleaning: CleaningSettings) -> str:
    """Returns as text all settings that the outcomes of an `ImageAligner` depend on."""
    return alignment.model_dump_json() + cleaning.model_dump_json(include={"other_faces", "min_face_size"})


def installed_libraries() -> dict[str, str | None]:
    """Returns the versions of the packages that decode, detect, align and encode with the built-in detector."""
    return {package: installed_version(package) for package in ("ai-edge-litert", "numpy", "pillow")}


class _UnusableError(Exception):
    """Raised for an image without a usable face, with the rule's name."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule
