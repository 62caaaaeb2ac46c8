"""Parses the JSON of a request as RapidJSON does for TensorFlow Serving, with its error texts and offsets.

Python's scanner, which is written in C, parses usual documents. What it refuses, and what it would read in another way,
goes through a parser of our own: no limit of depth, `Inf` and `-Inf`, bytes that are no UTF-8. As in TensorFlow Serving
the text after the first document is ignored, and the first of several equal keys counts.

Source: RapidJSON 1.1.0, reader.h: IterativeParse with kParseStopWhenDoneFlag and kParseNanAndInfFlag.
"""

from __future__ import annotations

import json
import re
from typing import Any

from serving.core.errors import Code, ServingError

MOST_VALUES = 500_000
"""Values in one document: what bounds the memory that its objects take, at most some 300 bytes each."""

_BOM = b"\xef\xbb\xbf"
_TEXT_SPACE = re.compile(r"[ \n\r\t]*")
# Python accepts half of a surrogate pair, RapidJSON does not.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PAIR = re.compile(r"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_INT64_MIN = -(2**63)
_UINT64_MAX = 2**64 - 1


def parse_document(body: bytes, most_values: int = MOST_VALUES) -> Any:
    """Returns the first JSON document of a body.

    Args:
        body: UTF-8, with or without a byte order mark.
        most_values: a document with more commas and brackets is refused before it is parsed.

    Returns:
        Dicts, lists, str, bool, None, int (where it fits int64 or uint64) and float. In a str, bytes that are no UTF-8
        stand as `surrogateescape` decodes them.

    Raises:
        ServingError: it is no JSON, or has too many values (INVALID_ARGUMENT).
    """
    if not body:
        raise ServingError(Code.INVALID_ARGUMENT, "JSON Parse error: The document is empty")
    # A shorter body cannot have so many; the count itself takes a millisecond per megabyte.
    if len(body) > most_values and sum(map(body.count, (b",", b"[", b"{"))) > most_values:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"the JSON has more than {most_values} values; send several smaller requests"
        )
    try:
        return _parse_usual(body)
    except (ValueError, RecursionError):
        return _parse_strictly(body)


def _parse_usual(body: bytes) -> Any:
    """Parses by Python's scanner.

    Raises:
        ValueError: the document is broken or unusual.
        RecursionError: it is deep.
    """
    text = body.decode()
    if "\\" in text and _SURROGATE.search(text) and _SURROGATE.search(_PAIR.sub("", text)):
        raise ValueError("surrogates")
    start = 1 if text.startswith("\ufeff") else 0
    space = _TEXT_SPACE.match(text, start)
    return _SCANNER.raw_decode(text, space.end() if space else start)[0]


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members = {}
    for key, value in pairs:
        members.setdefault(key, value)
    return members


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError("too big")
    return value


def _integer(text: str) -> int | float:
    if len(text) > 300:
        raise ValueError("long")
    return _fitting(int(text))


def _fitting(value: int) -> int | float:
    return value if _INT64_MIN <= value <= _UINT64_MAX else float(value)


_SCANNER = json.JSONDecoder(object_pairs_hook=_first_of_each, parse_float=_finite, parse_int=_integer)


# What the strict parser has just read; after the first four a value follows.
_START, _COLON, _ARRAY, _ELEMENT_COMMA, _ELEMENT, _OBJECT, _MEMBER_COMMA, _KEY, _MEMBER = range(9)
_LAST_BEFORE_VALUE = _ELEMENT_COMMA

# When nothing follows that may.
_ERRORS = {
    _START: "The document is empty.",
    _COLON: "Invalid value.",
    _ARRAY: "Invalid value.",
    _ELEMENT_COMMA: "Invalid value.",
    _ELEMENT: "Missing a comma or ] after an array element.",
    _OBJECT: "Missing a name for object member.",
    _MEMBER_COMMA: "Missing a name for object member.",
    _KEY: "Missing a colon after a name of object member.",
    _MEMBER: "Missing a comma or } after an object member.",
}
_INVALID_VALUE = "Invalid value."

# One token after space: a bracket, a comma or a colon; a string without escapes; a number; the first byte of another.
_TOKEN = re.compile(
    rb"""[ \n\r\t]*(?:
    ([\[\]{},:]) |
    "([^"\\\x00-\x1f]*)" |
    (-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?) |
    (.) |
    )""",
    re.VERBOSE | re.DOTALL,
)
_MARK, _PLAIN_STRING, _NUMBER = 1, 2, 3


def _error(text: str, offset: int) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, f"JSON Parse error: {text} at offset: {offset}")


def _parse_strictly(body: bytes) -> Any:
    # RapidJSON takes a zero byte for the end of the text.
    body = body.partition(b"\0")[0]
    at = 0
    for part in _BOM:
        at += body[at : at + 1] == bytes([part])
    open_values: list[Any] = []
    keys: list[str] = []
    state = _START
    while True:
        token = _TOKEN.match(body, at)
        assert token is not None
        kind = token.lastindex
        at = token.end()
        if kind is None:
            raise _error(_ERRORS[state], at)
        mark: bytes = token[kind]
        value: Any
        if kind != _MARK:
            start = at - len(mark) if kind != _PLAIN_STRING else at - len(mark) - 2
            if state <= _LAST_BEFORE_VALUE:
                if kind == _PLAIN_STRING:
                    value = mark.decode("utf-8", "surrogateescape")
                else:
                    value, at = _scalar(body, start)
            elif state in (_OBJECT, _MEMBER_COMMA) and body[start : start + 1] == b'"':
                key, at = _string(body, start)
                keys.append(key)
                state = _KEY
                continue
            else:
                raise _error(_ERRORS[state], start)
        elif mark == b",":
            if state not in (_ELEMENT, _MEMBER):
                raise _error(_ERRORS[state], at - 1)
            state = _ELEMENT_COMMA if state == _ELEMENT else _MEMBER_COMMA
            continue
        elif mark == b":":
            if state != _KEY:
                raise _error(_ERRORS[state], at - 1)
            state = _COLON
            continue
        elif mark in b"[{":
            if state > _LAST_BEFORE_VALUE:
                raise _error(_ERRORS[state], at - 1)
            open_values.append([] if mark == b"[" else {})
            state = _ARRAY if mark == b"[" else _OBJECT
            continue
        else:
            if state not in ((_ARRAY, _ELEMENT) if mark == b"]" else (_OBJECT, _MEMBER)):
                raise _error(_ERRORS[state], at - 1)
            value = open_values.pop()
        if not open_values:
            return value
        parent = open_values[-1]
        if type(parent) is list:
            parent.append(value)
            state = _ELEMENT
        else:
            parent.setdefault(keys.pop(), value)
            state = _MEMBER


_LITERALS = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
_PLAIN = re.compile(rb'[^"\\\x00-\x1f]*')
_INTEGER = re.compile(rb"0|[1-9][0-9]*")
_DIGITS = re.compile(rb"[0-9]*")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_ESCAPES = {
    b'"': b'"', b"/": b"/", b"\\": b"\\", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"
}  # fmt: skip


def _end(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    """Returns where a match at a place ends; the place itself without one."""
    match = pattern.match(body, at)
    return match.end() if match else at


def _scalar(body: bytes, at: int) -> tuple[Any, int]:
    byte = body[at : at + 1]
    if byte == b'"':
        return _string(body, at)
    if byte in _LITERALS:
        word, value = _LITERALS[byte]
        return value, _word(body, at, word)
    return _number(body, at)


def _word(body: bytes, at: int, word: bytes) -> int:
    """Returns where a word ends; the error is at its first wrong letter."""
    for number, letter in enumerate(word):
        if body[at + number : at + number + 1] != bytes([letter]):
            raise _error(_INVALID_VALUE, at + number)
    return at + len(word)


def _number(body: bytes, start: int) -> tuple[int | float, int]:
    is_negative = body[start : start + 1] == b"-"
    first = start + is_negative
    if body[first : first + 1] in (b"N", b"I"):
        return _constant(body, first, is_negative)
    at = end = _end(_INTEGER, body, first)
    if end == first:
        raise _error(_INVALID_VALUE, first)
    fraction = 0
    if body[at : at + 1] == b".":
        end = _end(_DIGITS, body, at + 1)
        fraction = end - at - 1
        if not fraction:
            raise _error("Miss fraction part in number.", end)
    if body[end : end + 1] in (b"e", b"E"):
        sign = body[end + 1 : end + 2]
        exponent_at = end + 1 + (sign in (b"+", b"-") and sign != b"")
        end = _end(_DIGITS, body, exponent_at)
        if end == exponent_at:
            raise _error("Miss exponent in number.", end)
        # Six digits are more than any fraction that fits a body needs.
        exponent = body[exponent_at:end].lstrip(b"0")[:9]
        if sign != b"-" and int(exponent or b"0") > 308 + fraction:
            raise _error("Number too big to be stored in double.", start)
    text = body[start:end]
    if end == at and len(text) <= 20:
        return _fitting(int(text)), end
    value = float(text)
    if value - value != 0:
        raise _error("Number too big to be stored in double.", start)
    return value, end


def _constant(body: bytes, at: int, is_negative: bool) -> tuple[float, int]:
    if body[at : at + 1] == b"N":
        return float("nan"), _word(body, at, b"NaN")
    end = _word(body, at, b"Inf")
    if body[end : end + 1] == b"i":
        end = _word(body, end, b"inity")
    return float("-inf" if is_negative else "inf"), end


def _string(body: bytes, start: int) -> tuple[str, int]:
    parts = []
    at = start + 1
    while True:
        end = _end(_PLAIN, body, at)
        parts.append(body[at:end])
        byte = body[end : end + 1]
        if byte == b'"':
            return b"".join(parts).decode("utf-8", "surrogateescape"), end + 1
        if not byte:
            raise _error("Missing a closing quotation mark in string.", end)
        if byte != b"\\":
            raise _error("Invalid escape character in string.", end)
        part, at = _escape(body, end)
        parts.append(part)


def _escape(body: bytes, start: int) -> tuple[bytes, int]:
    letter = body[start + 1 : start + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], start + 2
    if letter != b"u":
        raise _error("Invalid escape character in string.", start)
    point = _hex(body, start + 2, start)
    at = start + 6
    if 0xD800 <= point <= 0xDBFF:
        if body[at : at + 2] != b"\\u":
            raise _error("The surrogate pair in string is invalid.", start)
        low = _hex(body, at + 2, start)
        if not 0xDC00 <= low <= 0xDFFF:
            raise _error("The surrogate pair in string is invalid.", start)
        point = (((point - 0xD800) << 10) | (low - 0xDC00)) + 0x10000
        at += 6
    return chr(point).encode("utf-8", "surrogatepass"), at


def _hex(body: bytes, at: int, escape_at: int) -> int:
    if not _HEX.match(body, at):
        raise _error("Incorrect hex digit after \\u escape in string.", escape_at)
    return int(body[at : at + 4], 16)
