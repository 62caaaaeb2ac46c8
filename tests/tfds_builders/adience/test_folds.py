"""Adience's fold files: rows unchanged, unreadable ones counted."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfds_builders.adience.folds import COLUMNS, read_fold
from visage.errors import VisageError

HEADER = "\t".join(COLUMNS)
ROW = "30601258@N03\t10399646885_67c7d20df9_o.jpg\t1\t(25, 23)\tf\t0\t414\t1086\t1383\t-115\t30\t17"


def write_fold(folder: Path, *lines: str) -> Path:
    (folder / "fold_0_data.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_a_row_is_read_unchanged(tmp_path: Path) -> None:
    rows, unreadable = read_fold(write_fold(tmp_path, HEADER, ROW), 0, "get it")
    assert unreadable == []
    assert rows[0].key == "30601258@N03/1/10399646885_67c7d20df9_o.jpg"
    assert (rows[0].age_label, rows[0].gender, rows[0].fold) == ("(25, 23)", "female", 0)
    assert rows[0].measures == (0, 414, 1086, 1383, -115, 30, 17)


@pytest.mark.parametrize(
    ("letter", "gender"),
    [("f", "female"), ("M", "male"), ("Female", "female"), ("u", "unknown"), ("", "unknown"), ("7", "unknown")],
)
def test_gender_letters(tmp_path: Path, letter: str, gender: str) -> None:
    row = ROW.replace("\tf\t", f"\t{letter}\t")
    assert read_fold(write_fold(tmp_path, HEADER, row), 0, "get it")[0][0].gender == gender


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("30601258@N03\tonly two", "2 fields, not 12"),
        (ROW.replace("\t1\t", "\tone\t"), "face_id 'one' is not a whole number"),
        (ROW.replace("414", ""), "y '' is not a whole number"),
        (ROW.replace("30601258@N03", "nan"), "user_id 'nan' means an unknown person"),
    ],
)
def test_an_unreadable_row_does_not_affect_others(tmp_path: Path, bad: str, why: str) -> None:
    rows, unreadable = read_fold(write_fold(tmp_path, HEADER, ROW, bad, ROW), 0, "get it")
    assert (len(rows), len(unreadable)) == (2, 1)
    assert (unreadable[0].row, unreadable[0].reason) == ("fold_0_data.txt, line 3", "row_unreadable")
    assert unreadable[0].value == bad
    assert why in unreadable[0].why


def test_columns_may_have_another_order(tmp_path: Path) -> None:
    lines = ["\t".join(reversed(line.split("\t"))) for line in (HEADER, ROW)]
    assert read_fold(write_fold(tmp_path, *lines), 0, "get it")[0][0].age_label == "(25, 23)"


def test_a_header_and_a_file_under_nearly_their_names_are_named(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"lacks the column\(s\) gender \(but has Gender\); get it"):
        read_fold(write_fold(tmp_path, HEADER.replace("gender", "Gender"), ROW), 0, "get it")
    (tmp_path / "fold_0_data.txt").rename(tmp_path / "Fold_0_data.txt")
    with pytest.raises(VisageError, match=r"it holds Fold_0_data\.txt, did you mean that\? Rename it; get it"):
        read_fold(tmp_path, 0, "get it")


def test_an_empty_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"fold_0_data.txt: lacks the column\(s\) user_id, .*; get it"):
        read_fold(write_fold(tmp_path, ""), 0, "get it")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=60))
def test_any_line_is_a_row_or_counted(tmp_path: Path, line: str) -> None:
    folder = tmp_path
    (folder / "fold_0_data.txt").write_text(f"{HEADER}\n{ROW}\n{line}\n", encoding="utf-8")
    rows, unreadable = read_fold(folder, 0, "get it")
    assert rows[0].face_id == 1
    assert len(rows) + len(unreadable) <= 2
