"""Values from outside, as an error line quotes them."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visage.errors import listed, quoted, shortened


@given(st.one_of(st.text(), st.binary(), st.lists(st.text()), st.dictionaries(st.text(), st.binary())))
def test_a_value_is_one_bounded_line(value: Any) -> None:
    assert len(quoted(value)) <= 80
    assert quoted(value).isprintable()


def test_an_image_in_a_table_is_a_short_line() -> None:
    assert len(quoted({"bytes": bytes(195_000), "path": "0.jpg"})) == 80


@given(st.text(max_size=60).filter(str.isprintable))
def test_a_short_text_is_left_as_it_is(text: str) -> None:
    assert shortened(text) == text


@given(st.lists(st.text(), max_size=100))
def test_names_are_one_bounded_line(names: list[str]) -> None:
    assert len(listed(names)) < 20 * 82 + 20
    assert "\n" not in listed(names)


def test_a_text_is_quoted_as_python_quotes_it() -> None:
    assert quoted(np.array(["row 4"])[0]) == quoted("row 4") == "'row 4'"
