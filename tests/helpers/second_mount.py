"""A second mount point of a folder, as another machine or container has it of a shared volume."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

# Mounts below end with the process: it has a mount namespace of its own.
_MOUNT = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class SecondMount:
    """A folder that processes started by `command` find at another path too, on a mount of their own.

    Attributes:
        here: the folder.
        there: the other path.
    """

    here: Path
    there: Path

    def command(self, *words: str | Path) -> list[str | Path]:
        """Returns the command that runs `words` where `there` is mounted."""
        return ["unshare", "--mount", "sh", "-c", _MOUNT, "sh", self.here, self.there, *words]


def second_mount(folder: Path) -> SecondMount:
    """Makes the two folders below `folder`; skips the test where this user may not mount."""
    mount = SecondMount(folder / "volume", folder / "elsewhere" / "volume")
    for path in (mount.here, mount.there):
        path.mkdir(parents=True)
    (mount.here / "mark").touch()
    if shutil.which("unshare") is None:
        pytest.skip("no program unshare (util-linux)")
    tried = subprocess.run(mount.command("test", "-e", mount.there / "mark"), capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no second mount point can be made here: {tried.stderr.strip()}")
    return mount
