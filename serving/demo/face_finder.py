"""Finds the faces of several visitors' photos at once."""

import asyncio
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from visage.faces import png_metadata
from visage.faces.detector import Detector, make_detector
from visage.faces.image_formats import FORMATS
from visage.faces.image_io import decode
from visage.faces.settings import AlignmentSettings
from visage.prediction.photos import FoundFaces, find_faces, photo_detector

MAX_PIXELS = 25_000_000
# A photo of MAX_PIXELS takes some 250 MB until its faces are found.
_MAX_THREADS = 6


class TooManyPixelsError(Exception):
    """Raised for a photo of more than `MAX_PIXELS`, before it is decoded."""


@dataclass(frozen=True)
class Search:
    """The faces of one photo, and the time that it took.

    Attributes:
        decode_seconds: from the bytes to the pixels.
    """

    found: FoundFaces
    decode_seconds: float


class FaceFinder:
    """Threads that each have a detector of their own, which is created with the first photo that needs it."""

    def __init__(self) -> None:
        # Two even on one core: a small photo does not wait until a large one is done.
        count = min(_MAX_THREADS, max(2, os.cpu_count() or 1))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="demo")
        self._own = threading.local()

    async def find(self, photo: bytes, alignment: AlignmentSettings) -> Search:
        """Finds, aligns and cuts out the faces of a photo.

        Raises:
            DecodeError: the photo cannot be read.
            TooManyPixelsError: it is too large.
            VisageError: the package of the model's detector is missing.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._find, photo, alignment)

    def _find(self, photo: bytes, alignment: AlignmentSettings) -> Search:
        _check_pixels(photo)
        detector = self._detector(photo_detector(alignment))
        started = time.perf_counter()
        pixels = decode(photo)
        decoded_at = time.perf_counter()
        return Search(find_faces(pixels, detector, alignment), decoded_at - started)

    def _detector(self, name: str) -> Detector:
        detectors: dict[str, Detector] = self._own.__dict__
        if name not in detectors:
            detectors[name] = make_detector(name)
        return detectors[name]


def _check_pixels(photo: bytes) -> None:
    if photo.startswith(png_metadata.SIGNATURE):
        photo = png_metadata.without_metadata(photo)
    try:
        width, height = Image.open(io.BytesIO(photo), formats=FORMATS).size
    except Exception:  # `decode` reports what is wrong with it.
        return
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(
            f"the photo has {width}x{height} pixels, and this page's limit is {MAX_PIXELS // 10**6} million; "
            "scale it down"
        )
