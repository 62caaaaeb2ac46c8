"""Photos of real people for tests: read from the folder with the real data, never copied."""

import tarfile
from pathlib import Path


def adience_photos(real_data_dir: Path, every: int) -> dict[str, bytes]:
    """Returns every n-th JPEG of the Adience sample, by name; 816x816 pixels, one face in the middle."""
    with tarfile.open(real_data_dir / "adience" / "faces.tar.gz") as archive:
        members = [member for member in archive if member.name.endswith(".jpg")]
        chosen = members[::every]
        return {member.name.rpartition("/")[2]: archive.extractfile(member).read() for member in chosen}  # type: ignore[union-attr]


def group_photos(real_data_dir: Path) -> dict[str, bytes]:
    """Returns the photos of several people, by name."""
    return {path.name: path.read_bytes() for path in sorted((real_data_dir / "photos" / "dlib").glob("2*.jpg"))}
