"""A full disk is found before a run, and a nearly full one is noted."""

from pathlib import Path

import pytest

from pipeline.checks import free_space
from pipeline.checks.early_checks import check_early
from tests.pipeline.checks.configs import archive_config, pack
from visage.errors import VisageError


@pytest.mark.parametrize(
    ("free_mib", "status", "detail"),
    [
        (50, "missing", "50 MiB free in {}; a run takes at least 100 MiB"),
        (1024, "note", "1.0 GiB free in {}; a run takes up to 2.0 GiB"),
        (4096, "ok", "4.0 GiB free in {}"),
    ],
)
def test_free_space_has_three_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, status: str, detail: str
) -> None:
    usage = type("Usage", (), {"free": free_mib * 2**20})
    monkeypatch.setattr(free_space.shutil, "disk_usage", lambda folder: usage)
    found = free_space.free_space(tmp_path / "not" / "there")
    assert (found.status, found.detail) == (status, detail.format(tmp_path))


def test_packed_archives_add_to_the_needed_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = archive_config(tmp_path, "utkface")
    pack(tmp_path / "archives" / "UTKFace.tar", "UTKFace", "UTKFace/1.jpg")
    with (tmp_path / "archives" / "UTKFace.tar").open("ab") as archive:
        archive.truncate(300 * 2**20)
    usage = type("Usage", (), {"free": 350 * 2**20})
    monkeypatch.setattr(free_space.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(
        VisageError, match=r"^disk: 350 MiB free in .*; a run takes at least 400 MiB; free some, or set "
    ):
        check_early(config, ["disk"])
    (config.data_root / "prepared").mkdir(parents=True)
    assert [note.status for note in check_early(config, ["disk"])] == ["note"]
