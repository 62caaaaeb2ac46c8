"""A look at the archives of a configuration, before anything heavy is imported."""

from collections.abc import Sequence
from pathlib import Path

from components.face_example_gen.settings import DataSettings, LabelledFolderSettings
from tfds_builders.quick_look import look_at_labelled_folder, look_at_published
from visage.data.datasets.labelled_folder import labelled_folder_name
from visage.errors import VisageError


def look_at_archives(data: DataSettings) -> list[Path]:
    """Returns the archives and tables that the sources will be read from; [] where portraits are drawn.

    Raises:
        VisageError: one is missing, cannot be read, or is not what it should be.
    """
    if data.dir is None:
        return []
    folder = Path(data.dir)
    if not folder.is_dir():
        raise VisageError(f"data.dir: {folder} does not exist; name the folder that holds the archives")
    return [path for source in data.sources for path in _look(source, folder, data.labelled_folder(source))]


def bytes_to_prepare(archives: Sequence[Path], data_root: Path) -> int:
    """Returns what preparing the data sets will write, at least: as many bytes as the packed archives hold.

    Args:
        archives: as of `look_at_archives`.
        data_root: where prepared data sets are kept; what lies there may be what is needed.
    """
    if (data_root / "prepared").is_dir():
        return 0
    return sum(path.stat().st_size for path in archives if path.is_file())


def _look(source: str, folder: Path, reading: LabelledFolderSettings | None) -> list[Path]:
    name = labelled_folder_name(source)
    if name is None or reading is None:
        return look_at_published(source, folder)
    return look_at_labelled_folder(name, folder, **reading.model_dump())
