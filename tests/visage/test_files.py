import os
from pathlib import Path

import pytest

from tests.awkward_names import NAMES
from visage.files import digest_of, write_atomically


@pytest.mark.parametrize("name", NAMES)
def test_a_file_in_a_folder_of_any_name_is_written_whole(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    write_atomically(tmp_path / name / "page.html", "ü")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / name).iterdir()] == [("page.html", "ü".encode())]


def test_a_name_that_is_no_utf8_costs_neither_a_page_nor_a_digest(tmp_path: Path) -> None:
    stray = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sum\xe9.txt"))
    before = digest_of(tmp_path)
    stray.touch()
    assert digest_of(tmp_path) != before
    write_atomically(tmp_path / "page.html", f"not read: {stray.name}")
    assert (tmp_path / "page.html").read_text() == r"not read: r\udce9sum\udce9.txt"
