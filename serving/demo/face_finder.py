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
_MAX_THREADS = 6
# A photo of MAX_PIXELS takes some 350 MB until its faces are found; only so many large ones are searched at once.
_LARGE_PIXELS = 4_000_000
_MAX_LARGE_PHOTOS = 1


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
        # One more than large photos, so that a small one does not wait for them.
        count = min(_MAX_THREADS, max(_MAX_LARGE_PHOTOS + 1, os.cpu_count() or 1))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="demo")
        self._large_photos = asyncio.Semaphore(_MAX_LARGE_PHOTOS)
        self._own = threading.local()

    async def find(self, photo: bytes, alignment: AlignmentSettings) -> Search:
        """Finds, aligns and cuts out the faces of a photo.

        Raises:
            DecodeError: the photo cannot be read.
            TooManyPixelsError: it is too large.
            VisageError: the package of the model's detector is missing.
        """
        run = asyncio.get_running_loop().run_in_executor
        pixels = await run(self._threads, _announced_pixels, photo)
        if pixels <= _LARGE_PIXELS:
            return await run(self._threads, self._find, photo, alignment)
        await self._large_photos.acquire()
        found = run(self._threads, self._find, photo, alignment)
        found.add_done_callback(lambda _: self._large_photos.release())
        # A visitor who hangs up does not end the thread, so the photo counts until the thread is done with it.
        return await asyncio.shield(found)

    def _find(self, photo: bytes, alignment: AlignmentSettings) -> Search:
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


def _announced_pixels(photo: bytes) -> int:
    """Returns width times height from a photo's header; 0 if it cannot be read, of which `decode` reports the cause.

    Raises:
        TooManyPixelsError: they are more than MAX_PIXELS.
    """
    try:
        if photo.startswith(png_metadata.SIGNATURE):
            photo = png_metadata.without_metadata(photo)
        width, height = Image.open(io.BytesIO(photo), formats=FORMATS).size
    except Exception:  # Pillow's decoders raise nearly any exception for hostile bytes.
        return 0
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(
            f"the photo has {width}x{height} pixels, and this page's limit is {MAX_PIXELS // 10**6} million; "
            "scale it down"
        )
    return width * height
