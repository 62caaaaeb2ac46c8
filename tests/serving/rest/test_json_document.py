"""JSON as RapidJSON parses it for TensorFlow Serving."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.rest.json_document import MOST_VALUES, _parse_strictly, _parse_usual, parse_document

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=3), children, max_size=4),
    max_leaves=20,
)
# Half a surrogate pair is an error, and has a test of its own.
_documents = _values.filter(lambda value: not re.search(r"\\ud[89a-f]", json.dumps(value).replace(r"\\", "")))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The document is empty"),
        (b"   ", "The document is empty. at offset: 3"),
        (b"]", "The document is empty. at offset: 0"),
        (b"\0{}", "The document is empty. at offset: 0"),
        (b'{"instances": [1,', "Invalid value. at offset: 17"),
        (b"[1,]", "Invalid value. at offset: 3"),
        (b'{"a":}', "Invalid value. at offset: 5"),
        (b"[trux]", "Invalid value. at offset: 4"),
        (b"[-]", "Invalid value. at offset: 2"),
        (b"[Infinite]", "Invalid value. at offset: 8"),
        (b"\xff\xfe[", "Invalid value. at offset: 0"),
        (b"{instances: [1]}", "Missing a name for object member. at offset: 1"),
        (b'{"a":1,}', "Missing a name for object member. at offset: 7"),
        (b'{"instances" [1]}', "Missing a colon after a name of object member. at offset: 13"),
        (b'{"a":1 2}', "Missing a comma or } after an object member. at offset: 7"),
        (b'{"instances": [1 2]}', "Missing a comma or ] after an array element. at offset: 17"),
        (b"[01]", "Missing a comma or ] after an array element. at offset: 2"),
        (rb'["\u12g4"]', r"Incorrect hex digit after \u escape in string. at offset: 2"),
        (rb'["\ud800"]', "The surrogate pair in string is invalid. at offset: 2"),
        (rb'["\ud800\u0041"]', "The surrogate pair in string is invalid. at offset: 2"),
        (rb'["\x"]', "Invalid escape character in string. at offset: 2"),
        (b'["a\nb"]', "Invalid escape character in string. at offset: 3"),
        (b'["a', "Missing a closing quotation mark in string. at offset: 3"),
        (b"[1e400]", "Number too big to be stored in double. at offset: 1"),
        (b"[1" + b"0" * 400 + b"]", "Number too big to be stored in double. at offset: 1"),
        (b"[1" + b"0" * 5000 + b"]", "Number too big to be stored in double. at offset: 1"),
        (b"[1.]", "Miss fraction part in number. at offset: 3"),
        (b"[1e+]", "Miss exponent in number. at offset: 4"),
    ],
)
def test_an_error_has_the_text_and_the_offset_of_rapidjson(body: bytes, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        parse_document(body)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, f"JSON Parse error: {message}")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\xef\xbb\xbf [1]", [1]),
        (b'{"a": 1} and more', {"a": 1}),
        (b'{"a": 1}{', {"a": 1}),
        (b'{"a": 1, "b": 2, "a": 3}', {"a": 1, "b": 2}),
        (b'{"a": Inf, "a": 3}', {"a": math.inf}),
        (b"[Inf, -Inf, Infinity, -Infinity]", [math.inf, -math.inf, math.inf, -math.inf]),
        (b'["\xff"]', ["\udcff"]),
        (rb'["\ud83d\ude00", "\u00e9"]', ["\U0001f600", "\u00e9"]),
        (rb'["\\ud83d\\ude00"]', [r"\ud83d\ude00"]),
        (rb'["\/"]', ["/"]),
        (b"[18446744073709551615, 18446744073709551616]", [2**64 - 1, 2.0**64]),
        (b"[-9223372036854775808, -9223372036854775809]", [-(2**63), -(2.0**63)]),
    ],
)
def test_unusual_documents_are_accepted(body: bytes, value: Any) -> None:
    parsed = parse_document(body)
    assert parsed == value
    assert repr(parsed) == repr(value)


def test_not_a_number_is_a_number() -> None:
    assert all(map(math.isnan, parse_document(b"[NaN, -NaN]")))


def test_half_a_surrogate_pair_at_its_end_is_kept_as_bytes() -> None:
    assert parse_document(rb'["\udc80"]')[0].encode("utf-8", "surrogateescape") == b"\xed\xb2\x80"


def test_depth_has_no_limit() -> None:
    value = parse_document(b'{"instances":' + b"[" * 100_000 + b"]" * 100_000 + b"}")["instances"]
    depth = 0
    while value:
        (value,) = value
        depth += 1
    assert depth == 99_999
    with pytest.raises(ServingError, match=r"Invalid value\. at offset: 100000"):
        parse_document(b"[" * 100_000)


def test_a_document_of_too_many_values_is_refused_before_it_is_parsed() -> None:
    assert len(parse_document(b"[" + b"1," * (MOST_VALUES - 1) + b"1]")) == MOST_VALUES
    with pytest.raises(ServingError, match="the JSON has more than 500000 values"):
        parse_document(b"[" + b"1," * MOST_VALUES + b"1]")
    escapes = b'["' + rb"\n" * (MOST_VALUES + 1)
    assert len(parse_document(escapes + b'"]')[0]) == MOST_VALUES + 1
    with pytest.raises(ServingError, match="the JSON has more than 500000 escapes"):
        parse_document(escapes)


@settings(max_examples=40)
@given(_documents, st.sampled_from([None, 1]), st.booleans())
def test_both_parsers_read_what_python_writes(value: Any, indent: int | None, ascii_only: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    # repr, because NaN is unequal to itself and 1 equal to True.
    assert repr(parse_document(body)) == repr(value)
    # A zero byte ends RapidJSON's text; json.dumps escapes it.
    assert repr(_parse_strictly(body)) == repr(value)


@settings(max_examples=40)
@given(_documents, st.data())
def test_a_broken_document_gives_an_error_and_an_accepted_one_the_same_by_both(value: Any, data: st.DataObject) -> None:
    body = bytearray(json.dumps(value).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 3))] = data.draw(
        st.binary(max_size=2) | st.sampled_from([b",", b"]", b"e"])
    )
    try:
        usual = _parse_usual(bytes(body))
    except (ValueError, RecursionError):
        usual = None
    refusal, strict = "", None
    try:
        strict = _parse_strictly(bytes(body))
    except ServingError as error:
        refusal = error.message
    # Zero with a huge exponent is the one number that only RapidJSON refuses.
    assert usual is None or "too big" in refusal or repr(usual) == repr(strict)
