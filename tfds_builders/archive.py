"""The archives as their authors publish them: a tar, or the folder that it extracts to, read without extracting."""

import abc
import os
import tarfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

import tensorflow_datasets as tfds

from components.errors import VisageError, quoted, shortened
from components.progress import report
from tfds_builders.near_files import near_files

REPORT_EVERY = 200


class Archive(abc.ABC):
    """Plain files below one top folder; a file's name is its POSIX path relative to that folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abc.abstractmethod
    def sizes(self) -> dict[str, int]:
        """Every file's name and its size in bytes.

        Raises:
            VisageError: the archive is damaged, cut off or unsafe to read.
        """

    @abc.abstractmethod
    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yields the wanted files, each once, in the archive's own order."""

    def read(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
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


class FolderArchive(Archive):
    """An extracted archive."""

    def sizes(self) -> dict[str, int]:
        found = {}
        for folder, folders, names in os.walk(self.path):
            for name in (*folders, *names):
                path = Path(folder, name)
                if path.is_symlink():
                    self._check_link(path)
                if path.is_file():
                    found[path.relative_to(self.path).as_posix()] = path.stat().st_size
        return found

    def _check_link(self, link: Path) -> None:
        if not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(self.path)):
            raise VisageError(
                f"{link} is a link to something outside {self.path}: put there what it points to, or remove it"
            )

    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for name in sorted(wanted):
            yield name, (self.path / name).read_bytes()


class TarArchive(Archive):
    """A tar, compressed or not, whose members lie below the folder `root`; others are passed over."""

    def __init__(self, path: Path, root: str) -> None:
        super().__init__(path)
        self._root = root

    def sizes(self) -> dict[str, int]:
        return {name: member.size for name, member, _ in self._members()}

    def _contents(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        missing = set(wanted)
        for name, member, tar in self._members():
            if name not in missing:
                continue
            missing.remove(name)
            stream = tar.extractfile(member)
            assert stream is not None, "_members yields regular files only"
            yield name, stream.read()
            if not missing:
                return

    def _members(self) -> Iterator[tuple[str, tarfile.TarInfo, tarfile.TarFile]]:
        try:
            with tarfile.open(self.path) as tar:
                for member in tar:
                    # tarfile keeps every member it has passed: gigabytes of them in IMDB's archive.
                    tar.members = []  # type: ignore[attr-defined]
                    name = self._name_below_root(member)
                    if name is not None:
                        yield name, member, tar
                self._check_end(tar)
        except (EOFError, OSError, tarfile.TarError, zlib.error) as error:
            raise self._damaged(shortened(str(error).partition("\n")[0].rstrip(":"))) from error

    def _name_below_root(self, member: tarfile.TarInfo) -> str | None:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise VisageError(
                f"{self.path}: member {quoted(member.name)} points outside the archive, which the published one never "
                "does: get the archive again from its authors"
            )
        if not (member.isreg() or member.isdir()):
            raise VisageError(
                f"{self.path}: member {quoted(member.name)} is a link or a device, of which the published archive has "
                "none: get the archive again from its authors"
            )
        if member.isdir() or path.parts[:1] != (self._root,):
            return None
        return PurePosixPath(*path.parts[1:]).as_posix()

    def _check_end(self, tar: tarfile.TarFile) -> None:
        # tarfile takes a file that ends inside a header for a whole one; a whole one ends in a block of zeros.
        assert tar.fileobj is not None
        tar.fileobj.seek(tar.offset)
        if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise self._damaged("no end-of-archive mark")

    def _damaged(self, reason: str) -> VisageError:
        return VisageError(f"{self.path} is cut off or damaged ({reason}): download it again")


def find_archive(folders: Collection[Path], root: str, mend: str) -> Archive:
    """Finds `ROOT.tar`, `ROOT.tar.gz` or the extracted folder `ROOT/`, in this order of preference.

    A tar comes before a folder because one that is cut off can be told from a whole one.

    Args:
        folders: where to look, the first place first.
        root: name of the archive's top folder, 'UTKFace' for instance.
        mend: what the user should do if it is nowhere.

    Raises:
        VisageError: it is in none of the folders.
    """
    for folder in folders:
        for name in (f"{root}.tar", f"{root}.tar.gz"):
            if (folder / name).is_file():
                return TarArchive(folder / name, root)
        if (folder / root).is_dir():
            return FolderArchive(folder / root)
    places = " or ".join(str(folder) for folder in folders)
    near = "".join(near_files(folder, (root, f"{root}.tar", f"{root}.tar.gz")) for folder in folders)
    raise VisageError(f"no {root}.tar.gz, {root}.tar or {root}/ in {places}: {near}{mend}")


def manual_folder(dl_manager: tfds.download.DownloadManager, mend: str) -> Path:
    """The folder that holds the archives (TFDS's `manual_dir`).

    Raises:
        VisageError: it does not exist or is empty.
    """
    try:
        return Path(os.fspath(dl_manager.manual_dir))
    except AssertionError as error:
        folder = str(error).split(" does not exist")[0].replace("Manual directory ", "")
        raise VisageError(f"the data folder {folder} does not exist or is empty: {mend}") from error
