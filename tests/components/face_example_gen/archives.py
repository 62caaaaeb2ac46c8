"""Settings of archives, and the digest of what they hold."""

from pathlib import Path

from components.face_example_gen.prepare import archive_digest
from components.face_example_gen.settings import DataSettings, SamplePortraitsSettings
from components.face_example_gen.spans import SourcePart

NO_FOLDER = Path("/dev/null/none")
"""A folder that nobody can create."""


def folder_of(path: Path) -> DataSettings:
    return DataSettings(dir=str(path), sources=["utkface"])


def drawn(count: int = 30, seed: int = 1) -> DataSettings:
    return DataSettings(sources=["utkface"], sample_portraits=SamplePortraitsSettings(count=count, seed=seed))


def digest_of_archives(data: DataSettings, data_root: Path = NO_FOLDER) -> str:
    """Returns the digest; by default nothing is remembered."""
    return archive_digest(data, SourcePart(data.sources[0]), data_root)
