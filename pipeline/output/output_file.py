"""Checks where a command may write, before anything heavy is imported."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.machine.permissions import may_write
from visage.errors import VisageError

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig


def check_output(
    out: Path,
    endings: Sequence[str],
    inputs: Sequence[Path] = (),
    input_folders: Sequence[Path] = (),
    beside: Sequence[Path] = (),
) -> None:
    """Checks that a file may be written, or replaced.

    Args:
        out: the file that `--out` names.
        endings: allowed ones, the usual one first, e.g. '.png'.
        inputs: files that the command reads. None of them is replaced, under any of its names.
        input_folders: folders whose files the command reads; a new file may be written there.
        beside: files that are written together with `out`, in the same folder.

    Raises:
        VisageError: the ending is another one, the folder is missing or cannot be written, `out` is a folder, or one of
            the files that would be replaced is an input.
    """
    if out.suffix.lower() not in endings:
        raise VisageError(f"--out {out}: the name must end in {' or '.join(endings)}; name another file")
    if not out.parent.is_dir():
        raise VisageError(f"--out {out}: the folder {out.parent} does not exist; create it, or name another file")
    if not may_write(out.parent):
        raise VisageError(f"--out {out}: {out.parent} cannot be written (permission denied); name another file")
    for written in (out, *beside):
        if written.is_dir():
            raise VisageError(f"--out {out}: {written} is a folder; name a file, e.g. {written / f'out{endings[0]}'}")
        _check_no_input(out, written, inputs, input_folders)


def check_output_of(
    config: Path, settings: "PipelineConfig", out: Path, endings: Sequence[str], beside: Sequence[Path] = ()
) -> None:
    """Checks that a file may be written by a command that reads a configuration, as `check_output` does.

    Args:
        config: the configuration file.
        settings: what `load_config` read from it.
        out: the file that `--out` names.
        endings: allowed ones.
        beside: files that are written together with it.

    Raises:
        VisageError: as `check_output`; the inputs are the configuration's files and the folder with the archives.
    """
    from pipeline.config.loader import config_files

    folders = [settings.data.root] if settings.data.root else []
    check_output(out, endings, config_files(config), folders, beside)


def check_output_folder(out: Path, inputs: Sequence[Path], written: Sequence[str] = ()) -> None:
    """Checks that files may be written to a folder, which need not exist yet.

    Args:
        out: the folder that `--out` names.
        inputs: files and folders that the command reads; nothing is written to these folders.
        written: names of files that are written; none of them replaces an input.

    Raises:
        VisageError: it is a file, an input, or in an input, or cannot be written, or a written file would replace an
            input.
    """
    existing = next(folder for folder in (out, *out.absolute().parents) if _is_there(folder))
    if existing is out and not out.is_dir():
        raise VisageError(f"--out {out}: this is a file; name a folder")
    if not may_write(existing):
        raise VisageError(f"--out {out}: {existing} cannot be written (permission denied); name another folder")
    for folder in inputs:
        if out.resolve().is_relative_to(folder.resolve()):
            raise VisageError(f"--out {out}: this is in the input {folder}; name another folder")
    for name in written:
        _check_no_input(out, out / name, inputs, [])


def _is_there(path: Path) -> bool:
    """Returns whether a path exists; not where its folder cannot be searched."""
    try:
        return path.exists()
    except PermissionError:
        return False


def _check_no_input(out: Path, written: Path, inputs: Sequence[Path], input_folders: Sequence[Path]) -> None:
    if not written.exists():
        return
    for path in inputs:
        # Also by a hard link, a symbolic link, or another case on file systems that ignore case.
        if path.exists() and path.samefile(written):
            raise VisageError(f"--out {out}: would replace the input {path}; name another file")
    for folder in input_folders:
        if written.resolve().is_relative_to(folder.resolve()):
            raise VisageError(f"--out {out}: would replace {written}, a file of the input {folder}; name another file")
