"""Where the files of the published data sets lie, and how to get them."""

from dataclasses import dataclass
from pathlib import Path

from tfds_builders.adience.folds import FOLDS, fold_name
from tfds_builders.near_files import near_files


@dataclass(frozen=True)
class PublishedFiles:
    """What a published data set is read from.

    Attributes:
        root: the archive's top folder, and its name without the ending.
        folder: where it may lie below the folder with all archives, besides in that itself; '': only there.
        tables: names of the files with its labels, which lie beside the archive, in it, or in either place.
        hint: how to get it.
    """

    root: str
    folder: str
    tables: tuple[str, ...]
    hint: str

    def folders(self, archives: Path) -> list[Path]:
        """Returns the folders in which the files may lie, the first choice first."""
        return [place for place in (archives / self.folder, archives) if self.folder and place.is_dir()] or [archives]

    def hint_in(self, archives: Path) -> str:
        """Returns the hint, and before it a folder that has nearly the name of `folder`."""
        near = "" if not self.folder or (archives / self.folder).is_dir() else near_files(archives, [self.folder])
        return f"{near}{self.hint}"


IMDB_WIKI_HOMEPAGE = "https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/"
_ADIENCE_HINT = (
    "ask for access at https://talhassner.github.io/home/projects/Adience/Adience-data.html and put "
    "fold_0_data.txt to fold_4_data.txt, faces.tar.gz and aligned.tar.gz into adience/"
)
_IMDB_WIKI_HINT = f"download {{}}_crop.tar ('faces only') from {IMDB_WIKI_HOMEPAGE} into imdb_wiki/"


def _adience(half: str) -> PublishedFiles:
    return PublishedFiles(half, "adience", tuple(map(fold_name, FOLDS)), _ADIENCE_HINT)


def _imdb_wiki(half: str) -> PublishedFiles:
    return PublishedFiles(f"{half}_crop", "imdb_wiki", (f"{half}.mat",), _IMDB_WIKI_HINT.format(half))


PUBLISHED = {
    "adience/aligned": _adience("aligned"),
    "adience/faces": _adience("faces"),
    "imdb_wiki/imdb": _imdb_wiki("imdb"),
    "imdb_wiki/wiki": _imdb_wiki("wiki"),
    "utkface": PublishedFiles(
        "UTKFace",
        "",
        (),
        "download UTKFace.tar.gz (aligned and cropped faces) from https://susanqq.github.io/UTKFace/ into it",
    ),
}
"""By TFDS name."""
