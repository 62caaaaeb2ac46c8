"""Offers images to somebody who has no photo at hand."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from visage.faces.image_formats import ENDINGS
from visage.faces.image_io import DecodeError
from visage.html.thumbnail import thumbnail

MAX_SAMPLES = 24
MAX_SAMPLE_BYTES = 16 * 2**20

_DRAWINGS = Path(__file__).with_name("drawings")
_DRAWINGS_NOTE = "Drawn by this project's own program; none of them is a person."
_PHOTOS_NOTE = "From a folder of the operator of this server."


@dataclass(frozen=True)
class Sample:
    """An image to choose.

    Attributes:
        title: the file's name without its ending, with blanks for '-' and '_'.
        url: relative to the page.
        thumbnail: data URI of a small JPEG.
    """

    title: str
    url: str
    thumbnail: str


class Samples:
    """The images of a folder: drawn portraits, unless another folder is given.

    Attributes:
        note: one sentence for people on where the images are from.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder or _DRAWINGS
        self.note = _PHOTOS_NOTE if folder else _DRAWINGS_NOTE
        # By path, time and size of the file, because a folder's content may change.
        self._thumbnails: dict[tuple[Path, int, int], str] = {}

    def all(self) -> list[Sample]:
        """Returns at most `MAX_SAMPLES` images by name; files that cannot be read as images are left out."""
        samples = []
        for file in self._files():
            title = file.stem.replace("-", " ").replace("_", " ")
            try:
                samples.append(Sample(title, f"demo/samples/{quote(file.name)}", self._thumbnail(file)))
            except (DecodeError, OSError):
                continue
            if len(samples) == MAX_SAMPLES:
                break
        return samples

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Returns the content and the media type of the image of that name; None if the folder has none."""
        for file in self._files():
            if file.name == name:
                return file.read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"
        return None

    def _files(self) -> list[Path]:
        found = (file for file in self._folder.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
        return sorted(file for file in found if file.stat().st_size <= MAX_SAMPLE_BYTES)

    def _thumbnail(self, file: Path) -> str:
        status = file.stat()
        key = (file, status.st_mtime_ns, status.st_size)
        if key not in self._thumbnails:
            self._thumbnails[key] = thumbnail(file.read_bytes())
        return self._thumbnails[key]
