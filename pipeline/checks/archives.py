"""Checks the archives of a configuration before anything heavy is imported."""

from collections.abc import Sequence
from pathlib import Path

from components.face_example_gen.settings import DataSettings, LabelledFolderSettings
from components.face_example_gen.spans import parts_of
from tfds_builders.quick_look import look_at_labelled_folder, look_at_published
from visage.data.datasets.labelled_folder import labelled_folder_name
from visage.errors import VisageError


def check_archives(data: DataSettings, source: str | None = None, detects: bool = True) -> list[Path]:
    """Returns the archives and tables that the sources will be read from; [] where portraits are drawn.

    Args:
        data: names the folder, and the spans if it has some.
        source: the only source to check; None: all.
        detects: whether faces will be looked for, which boxes of faces need.

    Raises:
        VisageError: one is missing, unreadable or invalid.
    """
    if data.dir is None:
        return []
    if data.root is None or not data.root.is_dir():
        raise VisageError(f"data.dir: {data.root} does not exist; name the folder that holds the archives")
    return [
        path
        for part in parts_of(data, source)
        for path in _check_source(part.dataset, data.folder_of(part.span), data.labelled_folder(part.dataset), detects)
    ]


def bytes_to_prepare(archives: Sequence[Path], data_root: Path) -> int:
    """Returns the least number of bytes that preparing the data sets will write: the size of the packed archives.

    Args:
        archives: as of `check_archives`.
        data_root: where prepared data sets are kept; if it holds any, nothing may need to be prepared.
    """
    if (data_root / "prepared").is_dir():
        return 0
    return sum(path.stat().st_size for path in archives if path.is_file())


def _check_source(source: str, folder: Path, reading: LabelledFolderSettings | None, detects: bool) -> list[Path]:
    name = labelled_folder_name(source)
    if name is None or reading is None:
        return look_at_published(source, folder)
    columns = {str(column): own for column, own in reading.columns.items()}
    return look_at_labelled_folder(name, folder, reading.labels, reading.pictures, reading.separator, columns, detects)
