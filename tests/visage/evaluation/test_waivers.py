"""Waivers let one model through for a time."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from visage.errors import VisageError
from visage.evaluation.waivers import Waiver, add_waiver, read_waivers, valid_waiver

WAIVER = Waiver("/model/8", "Ada", "demo", until=date(2026, 12, 31), made=date(2026, 12, 1))


def test_waivers_are_kept_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "waivers.json"
    assert read_waivers(file) == []
    later = replace(WAIVER, by="Bob")
    add_waiver(file, WAIVER)
    add_waiver(file, later)
    assert read_waivers(file) == [WAIVER, later]


def test_a_waiver_holds_for_its_model_until_its_last_day() -> None:
    assert valid_waiver([WAIVER], "/model/8", date(2026, 12, 31)) == WAIVER
    assert valid_waiver([WAIVER], "/model/8", date(2027, 1, 1)) is None
    assert valid_waiver([WAIVER], "/model/9", date(2026, 12, 31)) is None
    newest = replace(WAIVER, by="Bob")
    assert valid_waiver([WAIVER, newest], "/model/8", date(2026, 12, 31)) == newest


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"model": "/model/8"}]'])
def test_a_damaged_file_is_an_error_and_lets_no_model_through(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "waivers.json"
    file.write_bytes(content)
    for call in (lambda: read_waivers(file), lambda: add_waiver(file, WAIVER)):
        with pytest.raises(VisageError, match="is damaged; remove it, and waive again"):
            call()
    assert file.read_bytes() == content
