"""The list of skipped rows is read back as it was written, with any content."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfds_builders.skipped_rows import SkippedRow, examples_of, read_skipped_rows

# Surrogates stand for bytes of a file's name that are no UTF-8.
TEXTS = st.text(st.characters(max_codepoint=0xFFFF))
ROWS = st.builds(SkippedRow, TEXTS, TEXTS, TEXTS, TEXTS | st.dictionaries(TEXTS, TEXTS, max_size=3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS))
def test_rows_are_read_back(tmp_path: Path, rows: list[SkippedRow]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(row.to_line() + b"\n" for row in rows))
    assert list(read_skipped_rows(path)) == rows
    assert examples_of(rows).keys() == {row.reason for row in rows}


def test_the_example_is_of_the_commonest_cause() -> None:
    rows = [
        SkippedRow("labels.csv, row 1", "row_unreadable", "age 'x' is no number"),
        *(SkippedRow(f"labels.csv, row {row}", "row_unreadable", "gender 'w' is none of f, m") for row in range(2, 4)),
        SkippedRow("a\nb.jpg", "not_a_picture", "no image by its name", "a\nb.jpg"),
        SkippedRow("labels.csv, row 9", "picture_missing", "no such picture", "c.jpg"),
    ]
    assert examples_of(rows) == {
        "row_unreadable": "labels.csv, row 2: gender 'w' is none of f, m (2 such rows)",
        "not_a_picture": "a\\nb.jpg: no image by its name",
        "picture_missing": "labels.csv, row 9: c.jpg: no such picture",
    }


@pytest.mark.parametrize("content", [b"{}\n", b"no JSON\n", b'{"row": "1"}\n'])
def test_another_list_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.jsonl|Expecting"):
        list(read_skipped_rows(tmp_path / "rows.jsonl"))
