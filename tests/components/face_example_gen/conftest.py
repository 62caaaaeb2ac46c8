"""Folders with archives."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    folder = tmp_path / "archives"
    (folder / "UTKFace").mkdir(parents=True)
    (folder / "UTKFace" / "1_0_0_20170109150557335.jpg.chip.jpg").write_bytes(b"one")
    return folder


@pytest.fixture
def utkface(portraits: Path, tmp_path: Path) -> Path:
    """A folder with UTKFace's drawn images alone."""
    folder = tmp_path / "archives"
    shutil.copytree(portraits / "UTKFace", folder / "UTKFace")
    return folder
