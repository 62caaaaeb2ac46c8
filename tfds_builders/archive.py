"""Archives as their authors publish them: a tar, or the folder that it extracts to, read without extraction."""

import abc
import lzma
import os
import tarfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tfds_builders.entries import Entry, entries_of
from tfds_builders.near_files import near_files
from visage.errors import VisageError, quoted, shortened
from visage.progress import report

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

REPORT_EVERY = 200


class Unreadable(str):
    """The reason why a file cannot be read, returned in place of its bytes."""


@dataclass(frozen=True)
class Listing:
    """The files of an archive.

    Attributes:
        files: files below the top folder, by name.
        others: files outside that folder, and a second file of the same name.
    """

    files: dict[str, Entry]
    others: list[Entry]


class Archive(abc.ABC):
    """Plain files below one top folder; a file's name is its POSIX path relative to that folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abc.abstractmethod
    def listing(self) -> Listing:
        """Lists every file.

        Raises:
            VisageError: the archive is damaged, cut off or unsafe to read.
        """

    @abc.abstractmethod
    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Yields the wanted files, each once, in the archive's own order."""

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Yields (name, bytes) of every wanted file, each once, in the archive's own order, and reports progress.

        Raises:
            VisageError: the archive is damaged, cut off or unsafe to read.
        """
        step = f"read {self.path.name}"
        for done, named_bytes in enumerate(self._contents(wanted)):
            if done % REPORT_EVERY == 0:
                report(step, done, len(wanted))
            yield named_bytes
        report(step, len(wanted), len(wanted))

    def read_table(self, name: str) -> bytes:
        """Returns the bytes of one file that the data set cannot be read without.

        Raises:
            VisageError: the file cannot be read.
        """
        ((_, content),) = self.read({name})
        if isinstance(content, Unreadable):
            raise VisageError(f"{self.path}/{name}: cannot be read ({content}); make it readable")
        return content


class FolderArchive(Archive):
    """An extracted archive."""

    def listing(self) -> Listing:
        return Listing({entry.name: entry for entry in entries_of(self.path)}, [])

    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        for name in sorted(wanted):
            yield name, read_image(self.path / name)


class TarArchive(Archive):
    """A tar, compressed or not, whose members lie below the folder `root`."""

    def __init__(self, path: Path, root: str) -> None:
        super().__init__(path)
        self._root = root

    def listing(self) -> Listing:
        files: dict[str, Entry] = {}
        others: list[Entry] = []
        for name, member, _ in self._members():
            if name is None:
                others.append(Entry(member.name, member.size, reason="outside_folder", why=f"not in {self._root}/"))
            elif name in files:
                others.append(Entry(name, member.size, reason="member_repeated", why="an earlier one has this name"))
            elif not member.isreg():
                files[name] = Entry(name, reason="link", why="a link or a device, which the published archive has not")
            else:
                files[name] = Entry(name, member.size)
        return Listing(files, others)

    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        missing = set(wanted)
        for name, member, tar in self._members():
            if name not in missing or not member.isreg():
                continue
            missing.remove(name)
            stream = tar.extractfile(member)
            assert stream is not None, "it is a regular file"
            yield name, stream.read()
            if not missing:
                return

    def _members(self) -> Iterator[tuple[str | None, tarfile.TarInfo, tarfile.TarFile]]:
        """Yields every member that is no folder, with its name below the top folder; None beside that."""
        with reading(self.path), tarfile.open(self.path) as tar:
            for member in tar:
                # tarfile keeps every member it has passed, which are gigabytes for IMDB's archive.
                tar.members = []  # type: ignore[attr-defined]
                if not member.isdir():
                    yield self._name_below_root(member), member, tar
            _check_end(tar)

    def _name_below_root(self, member: tarfile.TarInfo) -> str | None:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise VisageError(
                f"{self.path}: member {quoted(member.name)} points outside the archive, which no published archive "
                "does; get the archive again from its authors"
            )
        return PurePosixPath(*path.parts[1:]).as_posix() if path.parts[:1] == (self._root,) else None


@contextmanager
def reading(tar: Path) -> Iterator[None]:
    """Turns an error in a tar into one line.

    Raises:
        VisageError: it cannot be read, is damaged or cut off.
    """
    try:
        yield
    except (EOFError, OSError, lzma.LZMAError, tarfile.TarError, zlib.error) as error:
        # An error of the operating system has an errno; an error in the bytes has none.
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(tar, error) from error
        reason = shortened(str(error).partition("\n")[0].rstrip(":"))
        raise VisageError(f"{tar}: truncated or damaged ({reason}); download it again") from error


def _check_end(tar: tarfile.TarFile) -> None:
    # tarfile accepts a file that ends inside a header as complete; a complete tar ends in a block of zeros.
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end-of-archive marker")


def read_image(path: str | Path) -> bytes | Unreadable:
    """Returns the bytes of a file, or why they cannot be read, so that one bad image does not stop the others."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        return Unreadable(error.strerror or str(error))


def unreadable(path: Path, error: OSError) -> VisageError:
    """Returns the error for an unreadable file that the data set cannot be read without."""
    return VisageError(f"{path}: cannot be read ({error.strerror or error}); make it readable")


def find_archive(folders: Collection[Path], root: str, hint: str) -> Archive:
    """Finds `ROOT.tar`, `ROOT.tar.gz` or the extracted folder `ROOT/`, in this order of preference.

    A tar comes before a folder because a truncated tar can be detected.

    Args:
        folders: folders to search, in this order.
        root: name of the archive's top folder, e.g. 'UTKFace'.
        hint: the fix if the archive is not found.

    Raises:
        VisageError: none of the folders has the archive.
    """
    for folder in folders:
        for name in (f"{root}.tar", f"{root}.tar.gz"):
            if (folder / name).is_file():
                return TarArchive(folder / name, root)
        if (folder / root).is_dir():
            return FolderArchive(folder / root)
    places = " or ".join(str(folder) for folder in folders)
    near = "".join(near_files(folder, (root, f"{root}.tar", f"{root}.tar.gz")) for folder in folders)
    raise VisageError(f"no {root}.tar.gz, {root}.tar or {root}/ in {places}: {near}{hint}")


def manual_folder(dl_manager: "tfds.download.DownloadManager", hint: str) -> Path:
    """Returns the folder that holds the archives (TFDS's `manual_dir`).

    Raises:
        VisageError: it does not exist or is empty.
    """
    try:
        return Path(os.fspath(dl_manager.manual_dir))
    except AssertionError as error:
        folder = str(error).split(" does not exist")[0].replace("Manual directory ", "")
        raise VisageError(f"{folder}: the data folder does not exist or is empty; {hint}") from error
