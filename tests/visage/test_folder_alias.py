import glob
import re
import tempfile
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.localfilesystem import LocalFileSystem
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.awkward_names import NAMES
from visage.errors import VisageError
from visage.folder_alias import folder_alias, is_plain


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_below_the_alias_matches_the_files_of_the_folder_alone(name: str, tmp_path: Path) -> None:
    for folder in (name, "r1", "ra", "r", "rb", "rx"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "file").write_text(folder)
    with folder_alias(tmp_path / name) as alias:
        by_glob = glob.glob(f"{alias}/*")  # noqa: PTH207 (as libraries do it)
        (by_beam,) = FileSystems.match([f"{alias}/*"])
        assert [Path(path).read_text() for path in by_glob] == [name]
        assert [Path(found.path).read_text() for found in by_beam.metadata_list] == [name]


def test_files_written_below_the_alias_are_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "r[1]").mkdir()
    with folder_alias(tmp_path / "r[1]") as alias:
        Path(alias, "file").write_text("here")
    assert (tmp_path / "r[1]" / "file").read_text() == "here"
    assert not Path(alias).exists()


def test_a_plain_folder_is_its_own_alias(tmp_path: Path) -> None:
    with folder_alias(tmp_path / "a b") as alias:
        assert alias == str(tmp_path / "a b")


def test_a_temporary_folder_of_an_unfit_name_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfit = tmp_path / "[tmp]"
    unfit.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unfit))
    with folder_alias(tmp_path / "r[1]") as alias:
        assert is_plain(alias)


def test_without_a_plain_temporary_folder_there_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "[tmp]"))
    monkeypatch.setattr("visage.folder_alias.os.access", lambda *_: False)
    with pytest.raises(VisageError, match=r"TMPDIR: the name of .*; set TMPDIR"), folder_alias(tmp_path / "r[1]"):
        pass


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_plain_path_matches_only_itself(name: str) -> None:
    if is_plain(name):
        assert re.compile(LocalFileSystem.translate_pattern(name)).pattern == rf"(?ms){re.escape(name)}\Z"
        assert glob.escape(name) == name
