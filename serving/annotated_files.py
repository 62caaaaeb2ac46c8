"""Chooses the files of annotated images and writes them."""

from collections.abc import Sequence
from pathlib import Path

from serving.annotate import FORMATS, write_annotated
from serving.photo_files import STANDARD_INPUT
from visage.errors import VisageError
from visage.prediction.each_photo import Photo
from visage.prediction.photos import PhotoPrediction


def is_file(out: Path, photos: Sequence[Photo]) -> bool:
    """Returns whether `--out` names one image; otherwise it names a folder of them, even for one photo.

    Raises:
        VisageError: it names an image, and there are several photos.
    """
    has_ending = out.suffix.lower() in FORMATS
    if has_ending and len(photos) > 1 and not out.is_dir():
        raise VisageError(f"--out {out}: takes one image, not {len(photos)}; name a folder")
    return len(photos) == 1 and (has_ending or (out.suffix != "" and not out.is_dir()))


class AnnotatedFiles:
    """The images that a command writes: one file, or one in a folder for each photo.

    Args:
        out: the file or the folder.
        is_file: whether it is the file.
        photos: all photos; those of equal names in different folders get a number.
    """

    def __init__(self, out: Path, is_file: bool, photos: Sequence[Photo]) -> None:
        self._out = out
        self._is_file = is_file
        self._names = names_of(photos)

    def write(self, index: int, photo: Photo, prediction: PhotoPrediction) -> None:
        """Writes the image of the photo at a place of the list.

        Raises:
            VisageError: the photo can no longer be read, or the file or folder cannot be written.
        """
        if self._is_file:
            write_annotated(photo, prediction, self._out)
            return
        try:
            self._out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VisageError(f"--out {self._out}: cannot be made ({error.strerror}); name another folder") from error
        write_annotated(photo, prediction, self._out / self._names[index])


def names_of(photos: Sequence[Photo]) -> list[str]:
    """Returns the name of each photo's annotated image in a folder.

    >>> names_of([Photo("a/face.jpg"), Photo("b/face.png"), Photo("-")])
    ['face.png', 'face-2.png', 'standard-input.png']
    """
    names: list[str] = []
    taken: set[str] = set()
    for photo in photos:
        stem = "standard-input" if photo.path == STANDARD_INPUT else Path(photo.path).stem
        name, number = f"{stem}.png", 1
        # Some file systems ignore case.
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}.png"
        taken.add(name.lower())
        names.append(name)
    return names
